package export

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"strings"
)

// A sink writes rows in one format.
type sink interface {
	// write takes a row; the strings in it must not change until close. It reports
	// whether the format has a form for it.
	write(row []value) (bool, error)
	// close writes what is left, but does not close the file.
	close() error
}

// A part is one file of the segment that is being written. It is in the work directory
// until the segment is whole.
type part struct {
	folder string // of the dataset and class, with a slash at its end
	temp   string // where it is written
	file   *os.File
	buffer *bufio.Writer
	sum    hash.Hash
	sink   sink
	rows   uint64
	bytes  int64
}

func (d *directory) newPart(folder string, make func(io.Writer) sink) (*part, error) {
	p := &part{folder: folder, temp: d.file(workName + "/" + strings.ReplaceAll(folder, "/", "_")), sum: sha256.New()}
	var err error
	if p.file, err = os.Create(p.temp); err != nil {
		return nil, err
	}
	p.buffer = bufio.NewWriterSize(io.MultiWriter(p.file, p.sum), 256<<10)
	p.sink = make(p.buffer)
	return p, nil
}

func (p *part) write(row []value) error {
	written, err := p.sink.write(row)
	if written {
		p.rows++
	}
	return err
}

// finish writes the file to its end, and to the disk.
func (p *part) finish() error {
	err := errors.Join(p.sink.close(), p.buffer.Flush(), p.file.Sync())
	if info, statErr := p.file.Stat(); statErr == nil {
		p.bytes = info.Size()
	}
	return errors.Join(err, p.file.Close())
}

// abandon leaves the file to be removed with the work directory.
func (p *part) abandon() { p.file.Close() }

// describe is the file as the manifest has it.
func (p *part) describe(path string) File {
	return File{Path: path, Rows: p.rows, Bytes: p.bytes, SHA256: hex.EncodeToString(p.sum.Sum(nil))}
}

// folderOf is where an hour's files of a dataset are, as other programs look for them:
// partitions are named in the path.
func folderOf(part string, hour int64) string {
	at := hourTime(hour)
	return fmt.Sprintf("%sdt=%s/hour=%d/", part, at.Format("2006-01-02"), at.Hour())
}

package bus

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/archive"
	"github.com/rollcall-xmpp/rollcall/bus/backup"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A copied is a stream of a backup as the server is to have it: the snapshot as it
// is, or with the changes in it. It is read by one goroutine.
type copied struct {
	io.Reader
	last     uint64 // sequence at which the stream goes on
	messages uint64 // known when all is read
	close    func()
}

// openCopied opens a stream of a backup. read is told how many bytes of its files
// were read.
func openCopied(from *backup.Backup, s *backup.Stream, read func(n int)) (*copied, error) {
	snapshot, err := from.Open(s.Snapshot)
	if err != nil {
		return nil, err
	}
	c := &copied{Reader: counted{snapshot, read}, last: s.Last, messages: s.Messages, close: func() { snapshot.Close() }}
	if s.Changes == nil {
		return c, nil
	}
	changes, err := from.Open(s.Changes)
	if err != nil {
		c.close()
		return nil, err
	}
	pr, pw := io.Pipe()
	merged := make(chan struct{})
	m := merge{snapshot: c.Reader, changes: changes, out: pw, end: endMark(s.Name, s.Last+documentLeap)}
	go func() { // ends when all is written, or pr is closed
		defer close(merged)
		pw.CloseWithError(m.run(&c.messages))
	}()
	c.Reader, c.last = pr, s.Last+documentLeap
	c.close = func() {
		pr.Close()
		<-merged
		snapshot.Close()
		changes.Close()
	}
	return c, nil
}

// counted tells what is read.
type counted struct {
	io.Reader
	read func(n int)
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.read(n)
	return n, err
}

// A merge writes one archive out of a snapshot and what came after it. Of each subject
// it has the newest message only.
type merge struct {
	snapshot io.Reader
	changes  *os.File
	out      io.Writer
	end      *archive.Message // the last one
}

// endMark is a message at the sequence where a bucket ends after a restore: whoever asks
// for the newest change of all waits until it comes by. It is the tombstone of a document
// that nobody has.
func endMark(stream string, seq uint64) *archive.Message {
	d := Documents{prefix: bucketPrefix(strings.TrimPrefix(stream, bucketStream("")))}
	m, err := d.message(events.Document{JID: events.StoredJID("restored.rollcall.invalid"), Deleted: true})
	if err != nil {
		panic(err) // it is not too large
	}
	return &archive.Message{Subject: m.Subject, Seq: seq, At: time.Now().UnixNano(), Header: encodeHeader(m.Header), Data: m.Data}
}

func (m *merge) run(messages *uint64) error {
	newest, size, err := m.newest()
	if err != nil {
		return err
	}
	old, state, err := archive.NewReader(m.snapshot)
	if err != nil {
		return err
	}
	changes, _, err := archive.NewReader(m.changes)
	if err != nil {
		return err
	}
	newest[m.end.Subject] = m.end.Seq // of an earlier restore there is one, too
	state.Last, state.Bytes = m.end.Seq, state.Bytes+size
	w, err := archive.NewWriter(m.out, state)
	if err != nil {
		return err
	}
	written := uint64(0)
	for _, part := range []*archive.Reader{old, changes} {
		for msg, err := range part.All() {
			if err != nil {
				return err
			}
			if seq, ok := newest[msg.Subject]; ok && seq != msg.Seq {
				continue
			}
			if written++; msg.Seq >= m.end.Seq {
				return fmt.Errorf("%w: message %d after the end", archive.ErrForm, msg.Seq)
			}
			if err := w.Write(msg); err != nil {
				return err
			}
		}
	}
	if err := w.Write(m.end); err != nil {
		return err
	}
	*messages = written + 1 // before the end, after which it is read
	return w.Close()
}

// newest has the last sequence of each subject that changed, and their size.
func (m *merge) newest() (newest map[string]uint64, size uint64, err error) {
	changes, _, err := archive.NewReader(m.changes)
	if err != nil {
		return nil, 0, err
	}
	newest = make(map[string]uint64)
	for msg, err := range changes.All() {
		if err != nil {
			return nil, 0, err
		}
		newest[msg.Subject] = msg.Seq
		size += uint64(len(msg.Subject) + len(msg.Header) + len(msg.Data))
	}
	_, err = m.changes.Seek(0, io.SeekStart)
	return newest, size, err
}

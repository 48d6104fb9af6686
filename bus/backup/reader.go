package backup

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A Backup is a complete one. It is safe for concurrent use.
type Backup struct {
	Manifest
	dir string
}

// Open reads what a backup is of. Errors wrap ErrIncomplete, ErrNewer, ErrDamaged or
// those of package os. Its files are not read; see Check.
func Open(dir string) (*Backup, error) {
	b := &Backup{dir: dir}
	if err := b.read(); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return b, nil
}

func (b *Backup) read() error {
	if _, err := os.Stat(b.dir); err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(b.dir, manifestName))
	sums, sumsErr := os.ReadFile(filepath.Join(b.dir, sumsName))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(sumsErr, fs.ErrNotExist) || strings.HasSuffix(filepath.Clean(b.dir), partial) {
		return ErrIncomplete
	}
	if err := errors.Join(err, sumsErr); err != nil {
		return err
	}
	sum := sha256.Sum256(text)
	if !strings.Contains(string(sums), hex.EncodeToString(sum[:])+"  "+manifestName+"\n") {
		return fmt.Errorf("%s: %w: its SHA-256 is not that of %s", manifestName, ErrDamaged, sumsName)
	}
	var head struct{ Format int }
	if err := json.Unmarshal(text, &head); err != nil {
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	if head.Format > Format {
		return fmt.Errorf("%w: it has format %d, this one reads up to %d", ErrNewer, head.Format, Format)
	}
	if err := json.Unmarshal(text, &b.Manifest); err != nil {
		return fmt.Errorf("%s: %w", manifestName, err)
	}
	return nil
}

// Check reads all files and compares them with the manifest. Its error names the
// first that is not what was written, and wraps ErrDamaged. progress, if not nil, is
// told of the bytes that were read since it was told last.
func (b *Backup) Check(ctx context.Context, progress func(n int)) error {
	for _, f := range b.files() {
		if err := b.check(ctx, f, progress); err != nil {
			return err
		}
	}
	return nil
}

func (b *Backup) check(ctx context.Context, want *File, progress func(n int)) error {
	path := filepath.Join(b.dir, want.Name)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: %w: it is missing", path, ErrDamaged)
	}
	if err != nil {
		return err
	}
	defer f.Close()
	sum, size := sha256.New(), int64(0)
	for buf := make([]byte, 1<<20); ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := f.Read(buf)
		sum.Write(buf[:n])
		size += int64(n)
		if progress != nil {
			progress(n)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
	}
	switch {
	case size != want.Size:
		return fmt.Errorf("%s: %w: it has %d bytes of %d", path, ErrDamaged, size, want.Size)
	case hex.EncodeToString(sum.Sum(nil)) != want.SHA256:
		return fmt.Errorf("%s: %w: its SHA-256 is another", path, ErrDamaged)
	}
	return nil
}

// Open opens a file for reading.
func (b *Backup) Open(f *File) (*os.File, error) { return os.Open(filepath.Join(b.dir, f.Name)) }

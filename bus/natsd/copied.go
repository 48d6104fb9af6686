//go:build unix

package natsd

import (
	"errors"
	"fmt"
	"os"
)

// A copy that is made file by file while a server writes is of no moment: a message
// that the server moved meanwhile, as it does with documents that change, may be
// in none of the copied files, and the server would not miss it. So while a server runs
// the file of its lock says when that file was made, which a copy of it can't. A snapshot
// of the whole disk is of one moment, and keeps the time: to the server it is
// the disk after a power failure.

// ErrCopied: a server ran on the directory while it was copied, or was killed before
// and has not ended there in an orderly way.
var ErrCopied = errors.New("it is a copy of the data of a service that ran, which is not whole; use rollcall backup and restore")

// enter notes in the locked file that a server runs. It fails with ErrCopied; where
// the file system does not tell when a file was made, it never does.
func enter(lock *os.File) error {
	born := birth(lock)
	if born == "" {
		return nil
	}
	var was [64]byte
	n, _ := lock.ReadAt(was[:], 0)
	if n > 0 && string(was[:n]) != born {
		return fmt.Errorf("%w (if nothing ran while it was copied, remove %s)", ErrCopied, lock.Name())
	}
	if err := lock.Truncate(0); err != nil {
		return err
	}
	_, err := lock.WriteAt([]byte(born), 0)
	return err
}

// leave undoes enter, at an orderly end.
func leave(lock *os.File) { lock.Truncate(0) }

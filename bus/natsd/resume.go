package natsd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/natsd/index"
)

// runningName is a file that is there while a server runs. It says on which boot
// of the machine and in which directory.
const runningName = "running"

// killed reports whether the last server was killed while the machine ran on, so
// that the kernel still has all that the server wrote. After a power failure it may
// not, and a copy of the directory need not be of one moment: then the server has
// to read its blocks.
func killed(dir string) bool {
	was, err := os.ReadFile(filepath.Join(dir, runningName))
	return err == nil && string(was) == place(dir)
}

// place names this boot of the machine and this directory; "" where that can't be
// found out.
func place(dir string) string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	var st syscall.Stat_t
	if err != nil || syscall.Stat(dir, &st) != nil {
		return ""
	}
	return fmt.Sprintf("%s%d:%d\n", boot, st.Dev, st.Ino)
}

// markRunning is undone by an orderly end only.
func markRunning(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if here := place(dir); here != "" {
		return os.WriteFile(filepath.Join(dir, runningName), []byte(here), 0o600)
	}
	return nil
}

func markStopped(dir string) { os.Remove(filepath.Join(dir, runningName)) }

// resume spares the server that is about to start the reading of all blocks, where
// it can.
func (s *Server) resume(dir string) {
	streams, _ := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "*"))
	for _, stream := range streams {
		name, began := filepath.Base(stream), time.Now()
		s.log.begin(name)
		n, err := index.Update(stream)
		s.log.end(name)
		switch {
		case err == nil:
			s.log.out.Info("the index of a stream is up to date", "stream", name, "records", n, "took", time.Since(began))
		case errors.Is(err, index.ErrUnfit), errors.Is(err, fs.ErrNotExist):
			s.log.out.Info("NATS reads a stream itself", "stream", name, "why", err)
		default:
			s.log.out.Warn("NATS reads a stream itself", "stream", name, "error", err)
		}
	}
}

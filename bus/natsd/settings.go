package natsd

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// syncSettings syncs the files with the streams' settings when they have changed,
// as often as the server syncs the messages. The server itself does so only if it
// syncs always. Without it a power failure within half a minute of the making of a
// stream, or of a change, could leave a stream whose settings are empty, which the
// server does not open. syncSettings returns when quit is closed.
func (s *Server) syncSettings(every time.Duration) {
	synced := make(map[string]time.Time) // when the files were changed
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.quit:
			return
		}
		if err := syncChanged(s.dir, synced); err != nil {
			s.log.Errorf("sync the streams' settings: %s", err)
		}
	}
}

// syncChanged syncs those files that were changed since they were synced last.
func syncChanged(dir string, synced map[string]time.Time) (err error) {
	files, _ := filepath.Glob(filepath.Join(dir, "jetstream", "*", "streams", "*", "meta.*"))
	for _, file := range files {
		info, statErr := os.Stat(file)
		if statErr != nil || info.ModTime().Equal(synced[file]) {
			continue // or it was replaced just now
		}
		if e := syncPath(file); e == nil {
			synced[file] = info.ModTime()
		} else if !errors.Is(e, os.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

package natsd

import (
	"errors"
	"time"
)

// The pace of mending.
const (
	minRoom    = 32 << 20 // bytes that must be free: four times a block of a stream
	mendPause  = time.Second
	mendSlower = time.Minute // a disk that is full again within this is looked at half as often, down to once in this
)

// mend opens the streams again after the disk was full. A stream that could not
// write once refuses all that follows until it is opened anew, even when there
// is room. The streams then hold what they would after any other start;
// connections stay, and see JetStream missing for a moment. mend returns when
// quit is closed.
func (s *Server) mend() {
	var last time.Time // when it was done
	pause := mendPause
	for {
		select {
		case <-s.log.full:
		case <-s.quit:
			return
		}
		if pause *= 2; time.Since(last) > mendSlower {
			pause = mendPause
		}
		pause = min(pause, mendSlower)
		if !s.reopenAfter(pause) {
			return
		}
		last = time.Now()
	}
}

// reopenAfter tries to open the streams again until it works. It reports false
// if quit was closed before.
func (s *Server) reopenAfter(pause time.Duration) bool {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-s.quit:
			return false
		}
		err := s.reopen()
		if err == nil {
			s.log.out.Warn("there is room on the disk again; the streams are open")
			return true
		}
		s.log.Errorf("reopen the streams: %s", err)
	}
}

func (s *Server) reopen() error {
	if err := checkRoom(s.js.StoreDir); err != nil {
		return err
	}
	if err := s.ns.ShutdownJetStream(); err != nil {
		return err
	}
	select {
	case <-s.log.full: // from before
	default:
	}
	cfg := s.js // which the server changes
	if err := s.ns.EnableJetStream(&cfg); err != nil {
		return err
	}
	if !s.ns.JetStreamEnabled() {
		return errors.New("JetStream was stopped meanwhile")
	}
	return nil
}

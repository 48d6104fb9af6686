package certs

import (
	"crypto/tls"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// lookEvery is how often, at most, the files of a pair are looked at. They are looked
// at when somebody begins TLS, and not otherwise.
const lookEvery = time.Second

// A pair is a certificate in use with its key. Its files are read again when they
// have changed, so that a renewed certificate needs no restart; one that can't be
// read, or is only half written, leaves the one before in use. Its methods are for
// any goroutine.
type pair struct {
	cert, key string // files
	log       *slog.Logger
	now       func() time.Time
	changed   func(*pair) // called when the files were read again
	current   atomic.Pointer[tls.Certificate]

	mu     sync.Mutex   // held by whoever looks at the files
	looked time.Time    // guarded; when that was done last
	seen   [2]fileState // guarded; as they were at the last attempt to read them
}

// A fileState tells a file from what it was.
type fileState struct {
	modified time.Time
	size     int64
}

// openPair reads the pair for the first time.
func openPair(cert, key string, log *slog.Logger) (*pair, error) {
	p := &pair{cert: cert, key: key, log: log, now: time.Now, changed: func(*pair) {}}
	p.looked, p.seen = p.now(), p.states()
	return p, p.read()
}

// get is the certificate as it is now. Only one of many handshakes looks at the
// files, and the others don't wait for it.
func (p *pair) get() *tls.Certificate {
	if p.mu.TryLock() {
		if now := p.now(); now.Sub(p.looked) >= lookEvery {
			p.looked = now
			p.refresh()
		}
		p.mu.Unlock()
	}
	return p.current.Load()
}

// refresh reads the pair if a file has changed since the last attempt. The caller
// holds mu.
func (p *pair) refresh() {
	states := p.states()
	if states == p.seen {
		return
	}
	p.seen = states
	if err := p.read(); err != nil {
		p.log.Warn("the changed certificate can't be used; the one before stays in use", "file", p.cert, "error", err)
		return
	}
	p.log.Info("the certificate was read again", "file", p.cert, "until", p.current.Load().Leaf.NotAfter)
	p.changed(p)
}

// reload reads the pair now, changed or not.
func (p *pair) reload() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = [2]fileState{}
	p.refresh()
}

// read reads both files anew. The pair that was read before stays if they don't fit
// together.
func (p *pair) read() error {
	cert, err := tls.LoadX509KeyPair(p.cert, p.key)
	if err == nil {
		p.current.Store(&cert)
	}
	return err
}

// states are those of the files; zero for one that is not there.
func (p *pair) states() (s [2]fileState) {
	for i, name := range []string{p.cert, p.key} {
		if info, err := os.Stat(name); err == nil {
			s[i] = fileState{info.ModTime(), info.Size()}
		}
	}
	return s
}

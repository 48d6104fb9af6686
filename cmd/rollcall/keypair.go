package main

import (
	"context"
	"crypto/tls"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// lookEvery is how often, at most, the files of a key pair are looked at. They
// are looked at when somebody begins TLS, and not otherwise.
const lookEvery = time.Second

// A keyPair is the certificate in use. Its files are read again when they have
// changed, so that a renewed certificate needs no restart; a pair that can't be
// read, or is only half written, leaves the one before in use. Its methods are
// for any goroutine.
type keyPair struct {
	cert, key string // files
	log       *slog.Logger
	now       func() time.Time
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

// openKeyPair reads the pair for the first time.
func openKeyPair(cert, key string, log *slog.Logger) (*keyPair, error) {
	k := &keyPair{cert: cert, key: key, log: log, now: time.Now}
	k.looked, k.seen = k.now(), k.states()
	return k, k.read()
}

// certificate is for tls.Config.GetCertificate. Only one of many handshakes
// looks at the files, and the others don't wait for it.
func (k *keyPair) certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if k.mu.TryLock() {
		if now := k.now(); now.Sub(k.looked) >= lookEvery {
			k.looked = now
			k.refresh()
		}
		k.mu.Unlock()
	}
	return k.current.Load(), nil
}

// refresh reads the pair if a file has changed since the last attempt. The
// caller holds mu.
func (k *keyPair) refresh() {
	states := k.states()
	if states == k.seen {
		return
	}
	k.seen = states
	if err := k.read(); err != nil {
		k.log.Warn("the changed certificate can't be used; the one before stays in use", "error", err)
		return
	}
	k.log.Info("the certificate was read again", "file", k.cert, "until", k.current.Load().Leaf.NotAfter)
}

// reload reads the pair now, changed or not.
func (k *keyPair) reload() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.seen = [2]fileState{}
	k.refresh()
}

// read reads both files anew. The pair that was read before stays if they don't
// fit together.
func (k *keyPair) read() error {
	pair, err := tls.LoadX509KeyPair(k.cert, k.key)
	if err == nil {
		k.current.Store(&pair)
	}
	return err
}

// states are those of the files; zero for one that is not there.
func (k *keyPair) states() (s [2]fileState) {
	for i, name := range []string{k.cert, k.key} {
		if info, err := os.Stat(name); err == nil {
			s[i] = fileState{info.ModTime(), info.Size()}
		}
	}
	return s
}

// follow reloads at each SIGHUP, until ctx ends.
func (k *keyPair) follow(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	for {
		select {
		case <-hangup:
			k.reload()
		case <-ctx.Done():
			return
		}
	}
}

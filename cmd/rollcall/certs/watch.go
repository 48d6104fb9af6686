package certs

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// checkEvery is how often faults are looked for that come with time.
const checkEvery = 24 * time.Hour

// Watch reads everything again at each SIGHUP, and checks it each day, until ctx ends.
// New names in a directory, and a self-signed certificate that another process has
// made, are found then. With a self-signed one SIGHUP ends the process, as any other does.
func (s *Set) Watch(ctx context.Context) {
	hangup := make(chan os.Signal, 1)
	if s.cfg.SelfSigned == nil {
		signal.Notify(hangup, syscall.SIGHUP)
		defer signal.Stop(hangup)
	}
	daily := time.NewTicker(checkEvery)
	defer daily.Stop()
	for {
		select {
		case <-hangup:
			s.Reload(ctx)
		case <-daily.C:
			s.Reload(ctx)
			s.Check()
		case <-ctx.Done():
			return
		}
	}
}

// Reload reads everything again. Certificates that can't be used leave those before in
// use.
func (s *Set) Reload(ctx context.Context) {
	if s.cfg.SelfSigned != nil {
		if err := s.cfg.SelfSigned.Ensure(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Logger.Warn("the self-signed certificate can't be looked after; the one before stays in use", "error", err)
		}
	}
	if err := s.choose(); err != nil {
		s.cfg.Logger.Warn("the changed certificates can't be used; those before stay in use", "error", err)
	}
}

package ldap

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/go-ldap/ldap/v3"
	"golang.org/x/sync/semaphore"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// A Directory is an [auth.Verifier]. It may be used by many goroutines.
type Directory struct {
	cfg    Config
	place  place
	places *semaphore.Weighted // of connections

	mu     sync.Mutex
	idle   []*line // guarded; the last one was used last
	closed bool    // guarded
}

// New returns a directory to which nothing is connected yet. It fails if the
// configuration can't work.
func New(cfg Config) (*Directory, error) {
	if cfg.Connections == 0 {
		cfg.Connections = 8
	}
	p, err := cfg.place()
	if err == nil {
		err = cfg.validate()
	}
	if err != nil {
		return nil, err
	}
	return &Directory{cfg: cfg, place: p, places: semaphore.NewWeighted(int64(cfg.Connections))}, nil
}

// Close closes the connections that nobody uses, and those that are in use soon.
func (d *Directory) Close() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	for _, l := range d.idle {
		go l.Close() // says goodbye, and may wait for it
	}
	d.idle = nil
}

// Check implements [auth.Verifier].
func (d *Directory) Check(ctx context.Context, account events.JID, password string) error {
	if password == "" {
		return fmt.Errorf("%w: it is empty", auth.ErrWrongPassword)
	}
	if err := d.places.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("wait for a connection: %w", err)
	}
	defer d.places.Release(1)
	for {
		l := d.take()
		fresh := l == nil
		if fresh {
			var err error
			if l, err = d.place.dial(ctx); err != nil {
				return err
			}
		}
		again, err := d.ask(ctx, l, account, password)
		if !again || fresh || ctx.Err() != nil {
			return err
		}
	}
}

// ask asks on one line, and keeps that if it is still good; otherwise again says that the
// question may be asked on another one.
func (d *Directory) ask(ctx context.Context, l *line, account events.JID, password string) (again bool, err error) {
	release := l.hold(ctx)
	err = d.bindAs(l, account, password)
	if release() && (err == nil || auth.IsAnswer(err)) && !l.IsClosing() {
		d.keep(l)
		return false, err
	}
	go l.Close()
	if ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return !auth.IsAnswer(err), err
}

// bindAs finds the user's entry and binds with the password.
func (d *Directory) bindAs(l *line, account events.JID, password string) error {
	dn := d.cfg.dn(account.Local(), account.Domain())
	if dn == "" {
		var err error
		if dn, err = d.find(l, account); err != nil {
			return err
		}
	}
	l.service = false
	if err := l.Bind(dn, password); err != nil {
		if err = failure(err); refuses(err) {
			return fmt.Errorf("%w: %w", auth.ErrWrongPassword, err)
		}
		return fmt.Errorf("bind: %w", err)
	}
	return nil
}

var errSeveral = errors.New("several entries match the filter")

// find searches for the user's entry.
func (d *Directory) find(l *line, account events.JID) (dn string, err error) {
	if !l.service {
		if err := d.bindService(l); err != nil {
			return "", fmt.Errorf("bind as whoever searches: %w", failure(err))
		}
		l.service = true
	}
	found, err := l.Search(ldap.NewSearchRequest(
		d.cfg.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 2, 0, false,
		d.cfg.filter(account.Local(), account.Domain()), []string{"1.1"}, nil, // no attributes (RFC 4511, 4.5.1.8)
	))
	if err != nil {
		if err = failure(err); err == resultError(ldap.LDAPResultSizeLimitExceeded) {
			err = errSeveral
		}
		return "", fmt.Errorf("search: %w", err)
	}
	switch {
	case len(found.Entries) == 0:
		return "", auth.ErrNoAccount
	case len(found.Entries) > 1:
		return "", fmt.Errorf("search: %w", errSeveral)
	case found.Entries[0].DN == "":
		return "", errors.New("search: an entry without a name")
	}
	return found.Entries[0].DN, nil
}

func (d *Directory) bindService(l *line) error {
	if d.cfg.BindDN == "" {
		return l.UnauthenticatedBind("")
	}
	return l.Bind(d.cfg.BindDN, d.cfg.BindPassword)
}

// take returns a line that nobody uses, or nil.
func (d *Directory) take() *line {
	d.mu.Lock()
	defer d.mu.Unlock()
	for len(d.idle) > 0 {
		n := len(d.idle) - 1
		l := d.idle[n]
		d.idle = d.idle[:n]
		if !l.IsClosing() {
			return l
		}
	}
	return nil
}

func (d *Directory) keep(l *line) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		go l.Close()
		return
	}
	d.idle = append(d.idle, l)
}

package c2s_test

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// accounts are credentials by bare JID.
type accounts struct {
	mu sync.Mutex
	m  map[events.JID]*auth.Credentials
}

func (a *accounts) Credentials(_ context.Context, account events.JID) (*auth.Credentials, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if c := a.m[account]; c != nil {
		return c, nil
	}
	return nil, auth.ErrNoAccount
}

func (a *accounts) put(account events.JID, c *auth.Credentials) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.m == nil {
		a.m = map[events.JID]*auth.Credentials{}
	}
	a.m[account] = c
}

// Register implements c2s.Registry, with the methods after it.
func (a *accounts) Register(_ context.Context, account events.JID, password, role string) error {
	c, err := auth.NewCredentials(password, time.Now())
	if err != nil {
		return err
	}
	c.Role = role
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.m[account] != nil {
		return events.ErrConflict
	}
	a.m[account] = c
	return nil
}

func (a *accounts) SetPassword(_ context.Context, account events.JID, password string) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.m[account] == nil {
		return auth.ErrNoAccount
	}
	c, err := a.m[account].WithPassword(password, time.Now())
	if err == nil {
		a.m[account] = c
	}
	return err
}

func (a *accounts) Remove(_ context.Context, account events.JID) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.m, account)
	return nil
}

func (a *accounts) Forget(context.Context, events.JID) error { return nil }

// documents are a key-value bucket: one revision for all keys, as JetStream
// has it.
type documents struct {
	mu      sync.Mutex
	last    uint64
	newest  map[events.JID]events.Document
	history []events.Document
	grown   chan struct{}
	down    bool   // every call fails
	held    bool   // watchers are told nothing
	pause   func() // before and after each step; nil: not
	// overtake, if not nil, runs before each Put is compared, once.
	overtake func()
}

func newDocuments() *documents {
	return &documents{newest: map[events.JID]events.Document{}, grown: make(chan struct{})}
}

func (d *documents) Get(_ context.Context, account events.JID) (events.Document, error) {
	d.rest()
	defer d.rest()
	d.mu.Lock()
	defer d.mu.Unlock()
	doc, ok := d.newest[account]
	switch {
	case d.down:
		return events.Document{}, events.ErrUnavailable
	case !ok:
		return events.Document{}, events.ErrNotFound
	}
	return doc, nil
}

// rest pauses, as between a program and a store.
func (d *documents) rest() {
	if d.pause != nil {
		d.pause()
	}
}

func (d *documents) Put(_ context.Context, account events.JID, data []byte, revision uint64) (uint64, error) {
	d.rest()
	defer d.rest()
	d.mu.Lock()
	hook := d.overtake
	d.overtake = nil
	d.mu.Unlock()
	if hook != nil {
		hook()
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.down:
		return 0, events.ErrUnavailable
	case len(data) > events.MaxDocument:
		return 0, events.ErrTooLarge
	case d.newest[account].Revision != revision:
		return 0, events.ErrConflict
	}
	d.last++
	doc := events.Document{JID: account, Data: data, Revision: d.last}
	d.newest[account] = doc
	d.history = append(d.history, doc)
	d.wake()
	return d.last, nil
}

// Delete leaves a document that says so to whoever watches.
func (d *documents) Delete(_ context.Context, account events.JID, revision uint64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.down:
		return events.ErrUnavailable
	case d.newest[account].Revision != revision:
		return events.ErrConflict
	}
	d.last++
	delete(d.newest, account)
	d.history = append(d.history, events.Document{JID: account, Revision: d.last, Deleted: true})
	d.wake()
	return nil
}

func (d *documents) wake() {
	close(d.grown)
	d.grown = make(chan struct{})
}

// fail makes every call fail, or no longer.
func (d *documents) fail(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down = on
}

// hold keeps watchers from learning of changes, or lets them go on.
func (d *documents) hold(on bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.held = on
	d.wake()
}

func (d *documents) Last(context.Context) (uint64, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.last, nil
}

func (d *documents) Watch(ctx context.Context, after uint64) iter.Seq2[events.Document, error] {
	return func(yield func(events.Document, error) bool) {
		for ctx.Err() == nil {
			d.mu.Lock()
			next, grown := d.history[after:], d.grown
			if d.held {
				next = nil
			}
			d.mu.Unlock()
			for _, doc := range next {
				if !yield(doc, nil) {
					return
				}
			}
			after += uint64(len(next))
			if len(next) > 0 {
				continue
			}
			select {
			case <-grown:
			case <-ctx.Done():
			}
		}
	}
}

// waiting keeps messages for accounts that are away.
type waiting struct {
	mu    sync.Mutex
	kept  map[events.JID][][]byte
	taken map[events.JID]bool
	most  int    // for one account
	pause func() // between the steps
}

var errTaken = errors.New("somebody else takes the messages")

func (w *waiting) Store(_ context.Context, account events.JID, data []byte) error {
	w.pause()
	defer w.pause()
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.kept == nil {
		w.kept = map[events.JID][][]byte{}
	}
	if len(w.kept[account]) >= w.most {
		return events.ErrFull
	}
	w.kept[account] = append(w.kept[account], data)
	return nil
}

func (w *waiting) Take(_ context.Context, account events.JID) iter.Seq2[events.Document, error] {
	return func(yield func(events.Document, error) bool) {
		if !w.claim(account, true) {
			yield(events.Document{}, errTaken)
			return
		}
		defer w.claim(account, false)
		for {
			w.pause()
			data := w.first(account)
			w.pause()
			if data == nil || !yield(events.Document{JID: account, Data: bytes.Clone(data)}, nil) {
				return
			}
			w.mu.Lock()
			w.kept[account] = w.kept[account][1:]
			w.mu.Unlock()
		}
	}
}

func (w *waiting) claim(account events.JID, on bool) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.taken == nil {
		w.taken = map[events.JID]bool{}
	}
	was := w.taken[account]
	w.taken[account] = on
	return was != on
}

// list is what waits, in its order.
func (w *waiting) list(account events.JID) (items []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, b := range w.kept[account] {
		item, _ := canonical(string(b))
		items = append(items, item)
	}
	return items
}

func (w *waiting) first(account events.JID) []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if list := w.kept[account]; len(list) > 0 {
		return list[0]
	}
	return nil
}

// recorder keeps what happened before authentication.
type recorder struct {
	mu   sync.Mutex
	list []events.Event
}

func (r *recorder) Publish(rec *events.Record) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, rec.Event)
}

// empty forgets all, and says how many there were.
func (w *waiting) empty() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, list := range w.kept {
		n += len(list)
	}
	w.kept = nil
	return n
}

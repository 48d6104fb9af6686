package access

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Errors of Authenticate.
var (
	ErrMissing = errors.New("a token is needed: send it as \"Authorization: Bearer rct_...\"; rollcall token add makes one")
	ErrInvalid = errors.New("the token is not known here, or was removed")
	ErrExpired = errors.New("the token has expired; rollcall token add makes another")
	ErrTooFast = errors.New("this token asks too often; wait a second")
	// ErrNotReady: the tokens were not read yet.
	ErrNotReady = errors.New("the tokens can't be read yet; try again")
)

// A token may ask so often a second, and so many times at once. So that nobody fills the
// audit.
const (
	askRate  = 50
	askBurst = 200
)

// A Guard knows the tokens. Its methods are for any goroutine.
type Guard struct {
	docs   events.Bucket
	tokens atomic.Pointer[knowledge] // nil before they were read
	read   chan struct{}             // closed when they were
}

// A knowledge is the tokens, and the codes, as they are until others are there.
type knowledge struct {
	byID  map[string]*known
	stale chan struct{} // closed when it is
}

// A known token has a limiter, which stays when others are added or removed.
type known struct {
	Token
	limit *rate.Limiter
}

// NewGuard returns a Guard that lets nobody in before Follow has read the tokens.
func NewGuard(docs events.Bucket) *Guard { return &Guard{docs: docs, read: make(chan struct{})} }

// Ready is closed when the tokens have been read for the first time.
func (g *Guard) Ready() <-chan struct{} { return g.read }

// Follow keeps the Guard told of the tokens, until ctx ends, whose error it returns, or
// with one of the documents.
func (g *Guard) Follow(ctx context.Context) error {
	none := func() {
		if g.tokens.Load() == nil {
			g.know(nil)
		}
	}
	return events.Follow(ctx, g.docs, events.Follower{
		Begin: func(last uint64) uint64 {
			if last == 0 {
				none()
			}
			return 0
		},
		Changed: func(doc events.Document) {
			if doc.JID != key {
				none() // a restore has left something else where there were no tokens
				return
			}
			if all, err := decode(doc.Data); err == nil {
				g.know(all)
			}
		},
	})
}

func (g *Guard) know(all []Token) {
	before := g.tokens.Load()
	after := &knowledge{byID: make(map[string]*known, len(all)), stale: make(chan struct{})}
	for _, t := range all {
		k := &known{Token: t, limit: rate.NewLimiter(askRate, askBurst)}
		if same := before.find(t.ID); same != nil {
			k.limit = same.limit
		}
		after.byID[t.ID] = k
	}
	g.tokens.Store(after)
	if before == nil {
		close(g.read)
	} else {
		close(before.stale)
	}
}

// find is the token of an id, or nil.
func (k *knowledge) find(id string) *known {
	if k == nil {
		return nil
	}
	return k.byID[id]
}

// Await waits until a token that was just made is let in, or ctx ends, whose error it returns.
func (g *Guard) Await(ctx context.Context, t *Token) error {
	wait := g.read
	for {
		all := g.tokens.Load()
		if all.find(t.ID) != nil {
			return nil
		}
		if all != nil {
			wait = all.stale
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Authenticate finds the token that a request shows (RFC 6750, 2.1). It fails with one of
// the errors above.
func (g *Guard) Authenticate(r *http.Request) (*Token, error) {
	shown, err := Shown(r)
	if err != nil {
		return nil, err
	}
	return g.Find(shown)
}

// Shown is the token or the code that a request shows, whatever it is. It fails with
// ErrMissing.
func Shown(r *http.Request) (string, error) {
	shown, ok := bearer(r.Header.Get("Authorization"))
	if !ok {
		return "", ErrMissing
	}
	return shown, nil
}

// Find finds a token by the text that its holder shows. It fails with ErrNotReady, ErrInvalid,
// ErrExpired or ErrTooFast.
func (g *Guard) Find(shown string) (*Token, error) {
	all := g.tokens.Load()
	if all == nil {
		return nil, ErrNotReady
	}
	id, secret, ok := parts(prefix, shown)
	k := all.find(id)
	if !ok || k == nil || k.Use == Code || !k.is(secret) {
		return nil, ErrInvalid
	}
	switch {
	case k.Expired(time.Now()):
		return nil, ErrExpired
	case !k.limit.Allow():
		return nil, ErrTooFast
	}
	return &k.Token, nil
}

// Holds reports that a token that was let in would be let in still: that it was not removed
// and has not expired. Answers that go on for long ask again and again.
func (g *Guard) Holds(t *Token) bool {
	return g.tokens.Load().find(t.ID) != nil && !t.Expired(time.Now())
}

// bearer is the credential of the scheme, whose name has no case.
func bearer(header string) (string, bool) {
	scheme, rest, _ := strings.Cut(header, " ")
	rest = strings.TrimSpace(rest)
	return rest, strings.EqualFold(scheme, "Bearer") && rest != ""
}

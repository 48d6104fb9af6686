package names

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestWhoIsErasedHasNoNameAndLaterAnotherPseudonym(t *testing.T) {
	w := newWorld(t)
	before := w.write(alice, life...)
	n := w.other()
	old := w.of(n, before[0])
	w.of(n, w.write(bob, events.Bound{})[0])
	if erased, err := n.Erase(w.ctx, alice); erased != 1 || err != nil {
		t.Errorf("%d pseudonyms are erased: %v", erased, err)
	}
	after := w.write(alice, events.Bound{}, events.Closed{})
	for _, who := range []*Names{n, w.other()} {
		for _, st := range before {
			if p := w.of(who, st); !p.IsZero() {
				t.Errorf("record %d, from before it, has %s", st.Seq, p)
			}
		}
		p := w.of(who, after[0])
		if p.IsZero() || p == old || w.of(who, after[1]) != p {
			t.Errorf("after it: %s and %s; before: %s", p, w.of(who, after[1]), old)
		}
	}
	for _, name := range w.listed() {
		if name.Pseudonym == old {
			t.Errorf("%s is still known to be %s", old, name.Account)
		}
	}
}

// An account that nothing knows leaves nothing behind; one that was given no pseudonym yet
// is given none for what it did so far.
func TestOnlyWhoIsKnownIsErased(t *testing.T) {
	w := newWorld(t)
	if _, err := w.other().Erase(w.ctx, alice); !errors.Is(err, ErrNobody) {
		t.Errorf("nobody is erased: %v", err)
	}
	if _, err := w.Names().Get(w.ctx, alice); !errors.Is(err, events.ErrNotFound) {
		t.Errorf("it is known afterwards: %v", err)
	}
	records := w.write(alice, life...)
	for range 2 {
		if erased, err := w.other().Erase(w.ctx, alice); erased != 0 || err != nil {
			t.Errorf("%d pseudonyms are erased: %v", erased, err)
		}
	}
	if p := w.of(w.other(), records[0]); !p.IsZero() {
		t.Errorf("it has %s", p)
	}
}

// The account is gone, and with it all that is kept of it here, once the log has
// forgotten its records.
func TestWhatIsKeptOfAnErasedAccountHasAnEnd(t *testing.T) {
	w := newWorld(t)
	w.of(w.other(), w.write(alice, life...)[0])
	short := &passes{Bucket: w.Names()}
	_, err := New(short, w.Log()).Erase(w.ctx, alice)
	w.must(err)
	w.must(New(short, w.Log()).Removing(w.ctx, bob)) // who never had a pseudonym
	if want := 31 * 24 * time.Hour; len(short.kept) != 2 || short.kept[0] != want || short.kept[1] != want {
		t.Fatalf("they are kept for %v", short.kept)
	}
	for _, account := range []events.JID{alice, bob} {
		for w.ctx.Err() == nil {
			if _, err := w.Names().Get(w.ctx, account); errors.Is(err, events.ErrNotFound) {
				break
			} else if w.ctx.Err() == nil {
				w.must(err)
			}
		}
	}
	w.must(w.ctx.Err())
	if w.of(w.other(), w.write(alice, events.Bound{})[0]).IsZero() {
		t.Error("the next of that name has no pseudonym")
	}
}

// passes lets a second be a month.
type passes struct {
	Bucket
	kept []time.Duration
}

func (p *passes) PutFor(ctx context.Context, account events.JID, data []byte, revision uint64, keep time.Duration) (uint64, error) {
	p.kept = append(p.kept, keep)
	return p.Bucket.PutFor(ctx, account, data, revision, time.Second)
}

func TestAnErasureElsewhereIsFollowed(t *testing.T) {
	w := newWorld(t)
	st := w.write(alice, life...)[0]
	n := w.other()
	ctx, cancel := context.WithCancel(w.ctx)
	followed := make(chan error)
	go func() { followed <- n.Follow(ctx) }()
	if w.of(n, st).IsZero() {
		t.Fatal("no pseudonym")
	}
	_, err := w.other().Erase(w.ctx, alice)
	w.must(err)
	for !w.of(n, st).IsZero() {
		w.must(w.ctx.Err())
	}
	cancel()
	if err := <-followed; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}

func TestADocumentOfAnotherFormIsRefused(t *testing.T) {
	w := newWorld(t)
	st := w.write(alice, life...)[0]
	good := known{removed: true, searched: 300, erased: 2}.first(7)
	for cut := range good.encode() {
		if k, err := decode(good.encode()[:cut]); err == nil && len(k.incarnations) > 0 {
			t.Errorf("of %d bytes it is read as %+v", cut, k)
		}
	}
	_, err := w.Names().Put(w.ctx, alice, []byte("junk"), 0)
	w.must(err)
	if p, err := w.other().Of(w.ctx, st); !errors.Is(err, errForm) {
		t.Errorf("%s, %v", p, err)
	}
}

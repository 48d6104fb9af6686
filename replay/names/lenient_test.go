package names

import (
	"context"
	"iter"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A forbidden bucket is one that NATS does not permit its user to change.
type forbidden struct{ Bucket }

func (f forbidden) PutAll(_ context.Context, docs iter.Seq[events.Document]) iter.Seq2[events.Document, error] {
	return func(yield func(events.Document, error) bool) {
		for doc := range docs {
			if !yield(doc, &events.DeniedError{Subject: "$KV.RC_NAMES.>"}) {
				return
			}
		}
	}
}

func TestWhoeverMayNotMakePseudonymsIsToldThoseThatThereAre(t *testing.T) {
	w := newWorld(t)
	known, unknown := w.write(alice, life...)[0], w.write(bob, life...)[0]
	want, err := w.other().Of(w.ctx, known)
	w.must(err)
	reader := New(forbidden{w.Names()}, w.Log()).Lenient()
	for range 2 {
		got := make([]Pseudonym, 2)
		w.must(reader.OfAll(w.ctx, []*events.Stored{known, unknown}, got))
		if got[0] != want || !got[1].IsZero() {
			t.Errorf("alice is %s, not %s; bob is %s", got[0], want, got[1])
		}
	}
	if _, err := New(forbidden{w.Names()}, w.Log()).Of(w.ctx, unknown); !events.IsDenied(err) {
		t.Errorf("without leniency: %v", err)
	}
}

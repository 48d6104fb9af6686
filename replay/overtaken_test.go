package replay

import (
	"context"
	"errors"
	"iter"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// An overtaken log forgets its beginning when a fold is about to read it.
type overtaken struct {
	*world
	age time.Duration // what is older goes then
}

func (l overtaken) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	if r.To > r.After+1 { // not only to look at one record
		l.Retain(l.age)
	}
	return l.world.Read(ctx, r)
}

// Otherwise a session would be there that has ended, or be missing.
func TestAPastThatRetentionOvertakesIsNotTold(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.do("alice@localhost", session.Authenticate{Session: sid(1)})
		w.keyframe(w.last())
		w.do("bob@localhost", session.Authenticate{Session: sid(2)})
		w.do("alice@localhost", session.Close{Session: sid(1)})
		w.do("carol@localhost", session.Authenticate{Session: sid(3)})
		w.do("carol@localhost", session.Close{Session: sid(3)})
		from := Archive{Log: overtaken{w, 1500 * time.Millisecond}, Keyframes: w.frames}
		if past, err := At(t.Context(), from, Moment{Seq: 5}); !errors.Is(err, events.ErrRewound) {
			t.Errorf("it ends with %v, and tells of %d sessions", err, past.Sessions())
		}
	})
}

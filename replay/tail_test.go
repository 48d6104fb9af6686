package replay

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestATailGivesWhatComesForOneAccountOrAll(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.poison()
		w.online(2, "bob@localhost", "desk")
		w.do("alice@localhost", session.Close{Session: sid(1)})
		for _, c := range []struct {
			account events.JID
			after   events.Seq
			want    []events.Seq
		}{
			{events.JID{}, 0, []events.Seq{1, 2, 3, 4, 5, 6, 7, 8}},
			{events.JID{}, 6, []events.Seq{7, 8}},
			{jid("alice@localhost"), 2, []events.Seq{3, 4, 8}},
			{jid("alice@localhost/phone"), 4, []events.Seq{8}},
		} {
			var got []events.Seq
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			for st, err := range Tail(ctx, w, c.account, c.after) {
				var poison *events.PoisonError
				if errors.As(err, &poison) {
					got = append(got, poison.Seq)
					continue
				}
				if got = append(got, st.Seq); st.Seq == w.last() {
					cancel() // the tail has no end of its own
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%s after %d: %v, want %v", c.account, c.after, got, c.want)
			}
		}
	})
}

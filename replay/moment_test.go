package replay

import (
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestAMomentIsAnInstantOnTheClock(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.append(events.Record{JID: jid("alice@localhost"), Event: events.AccountCreated{}})
		w.append(events.Record{JID: jid("bob@localhost"), Event: events.AccountCreated{}})
		poison := w.Poison(jid("bob@localhost"), []byte("?"))
		now := time.Now()
		<-time.After(time.Hour)
		for _, c := range []struct {
			moment Moment
			want   time.Time
		}{
			{Moment{}, now.Add(time.Hour)}, {Moment{Time: now}, now}, {Moment{Seq: 1}, w.moments[0]}, {Moment{Seq: 2}, w.moments[1]},
			{Moment{Seq: poison}, now}, {Moment{Seq: poison + 1}, time.Time{}},
		} {
			if at, err := c.moment.Instant(t.Context(), w); err != nil || !at.Equal(c.want) {
				t.Errorf("%s is at %s, not %s, %v", c.moment, at, c.want, err)
			}
		}
	})
}

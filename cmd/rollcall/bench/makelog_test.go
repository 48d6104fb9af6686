package bench

import (
	"context"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
)

// aLog is a maker that takes no time.
func aLog(dir string) *LogMaker {
	return &LogMaker{
		Events: 5000, Accounts: 500, Live: 40, Span: 20 * 24 * time.Hour, Seed: 1,
		Data: dir, Name: "c1", Instance: "i1",
	}
}

// withLog calls do with the log of a directory.
func withLog(t *testing.T, dir string, do func(context.Context, *bus.Bus, events.Info)) {
	t.Helper()
	srv, err := natsd.Start(t.Context(), natsd.Options{DataDir: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Shutdown()
	b, err := bus.Connect(t.Context(), bus.Config{InProcess: srv, Existing: true})
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	info, err := b.Log().Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	do(t.Context(), b, info)
}

func TestALogThatIsMadeIsWholeAndAsPromised(t *testing.T) {
	t.Parallel()
	m := aLog(t.TempDir())
	shown := 0
	m.Made = func(n int) { shown = n }
	if made, err := m.Run(t.Context()); err != nil || !made || shown != m.Events {
		t.Fatal(made, shown, err)
	}
	withLog(t, m.Data, func(ctx context.Context, b *bus.Bus, info events.Info) {
		if info.Records != uint64(m.Events) || info.First != 1 {
			t.Errorf("it has %d records from %d on", info.Records, info.First)
		}
		table, err := tableOf(ctx, info, projector.Config{Log: b.Log()})
		if err != nil {
			t.Fatal(err)
		}
		if s := table.Stats(); s.Sessions != m.Live || s.Mismatched+s.Poison+s.Unknown > 0 {
			t.Errorf("its table: %+v", s)
		}
		seen, first, last := 0, int64(0), int64(0)
		for st, err := range b.Log().Read(ctx, events.Range{}) {
			if err != nil {
				t.Fatal(err)
			}
			if st.At < last {
				t.Fatalf("record %d is from before the one before it", st.Seq)
			}
			if st.Prev == 0 {
				seen++
			}
			if first == 0 {
				first = st.At
			}
			last = st.At
		}
		if seen != m.Accounts {
			t.Errorf("%d accounts have been there", seen)
		}
		if span := time.Duration(last - first); span < m.Span*99/100 || span > m.Span {
			t.Errorf("it spans %s", span)
		}
	})
}

// A log that no connector could have written would measure something that does
// not occur.
func TestACrowdDoesOnlyWhatConnectorsDo(t *testing.T) {
	t.Parallel()
	m := aLog("")
	c := m.newCrowd(connector)
	accounts := map[events.JID]*session.Account{}
	kinds := map[events.Kind]int{}
	for seq := range events.Seq(m.Events) {
		r, at := c.next()
		a := accounts[r.Account()]
		s := a.Session(r.Session)
		if _, comes := r.Event.(events.Authenticated); comes != (s == nil) {
			t.Fatalf("record %d: %s of a session that is there: %t", seq+1, r.Event.Kind(), s != nil)
		}
		if _, binds := r.Event.(events.Bound); binds && a.Resource(r.JID.Resource()) != nil {
			t.Fatalf("record %d: %s is bound twice", seq+1, r.JID)
		}
		if e, ok := r.Event.(events.Refreshed); ok {
			if want := refreshedOf(a, s); e.Presence != want.Presence || e.Since != want.Since || e.PresenceAt != want.PresenceAt || e.Conn != want.Conn {
				t.Fatalf("record %d repeats %+v, not %+v", seq+1, e, want)
			}
		}
		kinds[r.Event.Kind()]++
		accounts[r.Account()] = session.Apply(a, &events.Stored{Record: r, Seq: seq + 1, At: at})
	}
	for _, k := range []events.Kind{events.KindPresenceAvailable, events.KindClosed, events.KindRefreshed} {
		if kinds[k] == 0 {
			t.Errorf("nobody's %s is there", k)
		}
	}
}

// refreshedOf is how a connector repeats the session.
func refreshedOf(a *session.Account, s *session.Session) events.Refreshed {
	steps, _ := session.Decide(a, session.Refresh{Account: a, Holder: s.Connector(), Begun: s.Since + 1})
	for _, step := range steps {
		if step.Session == s.ID {
			return step.Event.(events.Refreshed)
		}
	}
	return events.Refreshed{}
}

func TestALogIsNotMadeTwice(t *testing.T) {
	t.Parallel()
	m := aLog(t.TempDir())
	if _, err := m.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	if made, err := m.Run(t.Context()); err != nil || made {
		t.Errorf("again: %t, %v", made, err)
	}
	m.Events++
	if made, err := m.Run(t.Context()); err == nil || made {
		t.Errorf("a longer one in its place: %t, %v", made, err)
	}
}

func TestALogThatCannotBeIsRefused(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*LogMaker){
		"too many accounts": func(m *LogMaker) { m.Accounts = m.Events/10 + 1 },
		"too many sessions": func(m *LogMaker) { m.Live = m.Events/10 + 1 },
		"too short":         func(m *LogMaker) { m.Events = 999 },
		"older than it may": func(m *LogMaker) { m.Span = maxSpan + 1 },
	} {
		m := aLog(t.TempDir())
		spoil(m)
		if _, err := m.Run(t.Context()); err == nil {
			t.Errorf("%s: it was made", name)
		}
	}
}

package replay

import (
	"context"
	"errors"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// kinds reads a history and names its events; poison is named so.
func kinds(t *testing.T, w *world, pre Pre, s Span) (names []string) {
	t.Helper()
	for st, err := range History(t.Context(), w, pre, s) {
		switch {
		case events.IsPoison(err):
			names = append(names, "poison")
		case err != nil:
			t.Fatal(err)
		default:
			names = append(names, st.Event.Kind().String())
		}
	}
	return names
}

// A preLog is what happened before authentication, in the order of its times.
type preLog []*events.Stored

func (l preLog) Read(_ context.Context, since, until time.Time) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for _, st := range l {
			at := st.StoredAt()
			if !at.Before(since) && (until.IsZero() || at.Before(until)) && !yield(st, nil) {
				return
			}
		}
	}
}

// failed is a failed login that was stored at some time, as "user" or the JID
// that was asked for.
func failed(at time.Time, jid events.JID, username string) *events.Stored {
	return &events.Stored{Stream: "PRE", Seq: 1, At: at.UnixNano(), Record: events.Record{
		JID: jid, Event: events.AuthFailed{Username: username, Condition: "not-authorized"},
	}}
}

func TestAHistoryIsWhatHappenedToTheAccountAndNoOther(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.online(2, "bob@localhost", "desk")
		w.poison()
		w.do("alice@localhost", session.Close{Session: sid(1)})
		want := []string{"authenticated", "bound", "presence_available", "poison", "closed"}
		if got := kinds(t, w, nil, Span{Of: jid("alice@localhost")}); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if got := kinds(t, w, nil, Span{Of: jid("nobody@localhost")}); got != nil {
			t.Errorf("nobody: %v", got)
		}
		if got := kinds(t, w, nil, Span{}); len(got) != 8 {
			t.Errorf("of all: %v", got)
		}
	})
}

func TestTheHistoryOfAFullJIDIsThatOfItsSessionsFromTheirLoginsOn(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.do("alice@localhost", session.CreateAccount{})
		w.online(1, "alice@localhost", "phone")
		w.online(2, "alice@localhost", "desk")
		w.do("alice@localhost", session.Close{Session: sid(1)})
		pre := preLog{failed(time.Now(), events.JID{}, "alice")}
		want := []string{"authenticated", "bound", "presence_available", "closed"}
		if got := kinds(t, w, pre, Span{Of: jid("alice@localhost/phone")}); !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		if got := kinds(t, w, pre, Span{Of: jid("alice@localhost/garden")}); got != nil {
			t.Errorf("a resource that never was: %v", got)
		}
	})
}

func TestAHistoryBeginsAtSinceAndEndsBeforeUntil(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.do("alice@localhost", session.Close{Session: sid(1)})
		w.poison()
		for _, c := range []struct {
			name         string
			since, until time.Time
			want         []string
		}{
			{"since an event", w.at(3), time.Time{}, []string{"presence_available", "closed", "poison"}},
			{"since after it", w.at(3).Add(1), time.Time{}, []string{"closed", "poison"}},
			{"since after the poison", w.at(5).Add(1), time.Time{}, nil},
			{"until an event", time.Time{}, w.at(2), []string{"authenticated"}},
			{"between", w.at(2), w.at(4), []string{"bound", "presence_available"}},
		} {
			if got := kinds(t, w, nil, Span{jid("alice@localhost"), c.since, c.until}); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	})
}

// For example in a TLS handshake whose client asks its user about the
// certificate.
func TestTheHistoryOfAllHasConnectionsThatFailedBeforeALogin(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		var pre preLog
		for _, r := range []events.Reason{
			events.ReasonTimeout, events.ReasonError, events.ReasonOverload, events.ReasonClient, events.ReasonConnectionLost, events.ReasonShutdown,
		} {
			pre = append(pre, &events.Stored{At: w.at(2).Add(1).UnixNano(), Record: events.Record{Event: events.Disconnected{Reason: r}}})
		}
		want := []string{"authenticated", "bound", "disconnected", "disconnected", "disconnected", "presence_available"}
		if got := kinds(t, w, pre, Span{}); !slices.Equal(got, want) {
			t.Errorf("of all: %v, want %v", got, want)
		}
		want = []string{"authenticated", "bound", "presence_available"}
		if got := kinds(t, w, pre, Span{Of: jid("alice@localhost")}); !slices.Equal(got, want) {
			t.Errorf("of an account: %v, want %v", got, want)
		}
	})
}

func TestFailedLoginsStandWhereTheirTimeIs(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		pre := preLog{
			{At: w.at(1).UnixNano(), Record: events.Record{Event: events.Connected{}}},
			failed(w.at(1).Add(1), jid("localhost"), "alice"),
			failed(w.at(2).Add(-1), jid("localhost"), "bob"),
			failed(w.at(2).Add(1), jid("elsewhere"), "alice"),
			failed(w.at(2).Add(2), jid("alice@localhost"), "Alice"),
			failed(w.at(3).Add(1), events.JID{}, "alice"),
		}
		alice := jid("alice@localhost")
		for _, c := range []struct {
			name string
			span Span
			want []string
		}{
			{"of the account", Span{Of: alice},
				[]string{"authenticated", "auth_failed", "bound", "auth_failed", "presence_available", "auth_failed"}},
			{"of all", Span{},
				[]string{"authenticated", "auth_failed", "auth_failed", "bound", "auth_failed", "auth_failed", "presence_available", "auth_failed"}},
			{"in a span", Span{alice, w.at(2), w.at(3)}, []string{"bound", "auth_failed"}},
			{"of an account that never got in", Span{Of: jid("bob@localhost")}, []string{"auth_failed"}},
		} {
			if got := kinds(t, w, pre, c.span); !slices.Equal(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	})
}

func TestTheReaderOfAHistoryMayStopAnywhere(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		w.poison()
		pre := preLog{failed(w.at(1).Add(1), events.JID{}, "alice"), failed(time.Now().Add(1), events.JID{}, "alice")}
		all := len(kinds(t, w, pre, Span{Of: jid("alice@localhost")}))
		for stop := 1; stop <= all; stop++ {
			n := 0
			for range History(t.Context(), w, pre, Span{Of: jid("alice@localhost")}) {
				if n++; n == stop {
					break // another yield would panic
				}
			}
		}
	})
}

func TestAHistoryThatIsCutShortSaysSo(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.online(1, "alice@localhost", "phone")
		var last error
		for _, s := range []Span{{}, {Of: jid("alice@localhost")}, {Of: jid("alice@localhost/phone")}} {
			ctx, cancel := context.WithCancel(t.Context())
			for _, err := range History(ctx, cutLog{w.Log, cancel}, nil, s) {
				last = err
			}
			if !errors.Is(last, context.Canceled) {
				t.Errorf("that%s ends with %v", s, last)
			}
		}
		w.Partition(true)
		for _, err := range History(t.Context(), w, nil, Span{Of: jid("alice@localhost")}) {
			last = err
		}
		if !errors.Is(last, events.ErrUnavailable) {
			t.Errorf("without the log it ends with %v", last)
		}
	})
}

func TestASpanInWordsContinuesASentence(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 31, 14, 3, 7, 0, time.UTC)
	for want, s := range map[string]Span{
		"":                                  {},
		" of alice@localhost":               {Of: jid("alice@localhost")},
		" since 2026-01-31 14:03:07":        {Since: at},
		" of a@x until 2026-01-31 14:03:07": {Of: jid("a@x"), Until: at},
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

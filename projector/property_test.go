package projector

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// history draws a log: mostly what Decide says to commands, and now and then a
// record that no Decide would write, which a fold must take as well.
func history(t *rapid.T) *scribe { return writings(t, 9) }

// writings is such a history with one wild record in so many and one, or none.
func writings(t *rapid.T, tame int) *scribe {
	w := newScribe()
	for range rapid.IntRange(0, 60).Draw(t, "length") {
		account := rapid.SampledFrom([]string{"alice@localhost", "bob@localhost", "carol@localhost"}).Draw(t, "account")
		id := sid(rapid.ByteRange(1, 6).Draw(t, "session"))
		w.connector.Epoch = rapid.Uint64Range(1, 3).Draw(t, "epoch")
		if tame > 0 && rapid.IntRange(0, tame).Draw(t, "wild") == 0 {
			full := rapid.SampledFrom([]string{"", "/a", "/b"}).Draw(t, "resource")
			w.append(id, jid(account+full), wildEvent(t))
			continue
		}
		// A refusal writes nothing; most commands need a session to be about.
		if w.accounts[jid(account)].Session(id) == nil {
			_ = w.do(account, session.Authenticate{Session: id, AsOf: 1 << 60, Address: fmt.Sprintf("192.0.2.%d:50123", id[15])})
			_ = w.do(account, session.Bind{Session: id, Resource: string('a' + rune(id[15]%4))})
		}
		_ = w.do(account, command(t, id))
		if rapid.IntRange(0, 5).Draw(t, "repeated") == 0 {
			_ = w.do(account, session.Refresh{Holder: w.connector, Begun: 1 << 62, Account: w.accounts[jid(account)]})
		}
	}
	return w
}

func command(t *rapid.T, id events.SessionID) session.Command {
	return rapid.OneOf(
		rapid.Just[session.Command](session.Authenticate{Session: id, AsOf: 1 << 60}),
		rapid.Custom(func(t *rapid.T) session.Command {
			return session.Bind{Session: id, Resource: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "resource")}
		}),
		rapid.Custom(func(t *rapid.T) session.Command {
			p := rapid.SampledFrom([]int8{-1, 0, 5}).Draw(t, "priority")
			return session.BecomeAvailable{Session: id, Priority: p, Stanza: fmt.Sprintf("<presence>%d</presence>", p)}
		}),
		rapid.Just[session.Command](session.BecomeUnavailable{Session: id}),
		rapid.Just[session.Command](session.RequestRoster{Session: id}),
		rapid.Just[session.Command](session.DirectPresence{Session: id, To: jid("dave@localhost"), Available: true}),
		rapid.Just[session.Command](session.EnableStreamManagement{Session: id, Resumable: true, Max: 60, TokenHash: "h"}),
		rapid.Just[session.Command](session.Detach{Session: id}),
		rapid.Just[session.Command](session.Resume{Session: id, Previous: sid(1), TokenHash: "h", Address: "192.0.2.99:1"}),
		rapid.Just[session.Command](session.Close{Session: id}),
		rapid.Just[session.Command](session.Fence{Lost: events.Incarnation{Name: "c1", Epoch: 1}}),
	).Draw(t, "command")
}

func wildEvent(t *rapid.T) events.Event {
	return rapid.SampledFrom([]events.Event{
		events.Authenticated{Address: "192.0.2.9:9"}, events.Bound{}, events.PresenceAvailable{Priority: 9}, events.Resumed{Address: "192.0.2.8:8"},
		events.Detached{}, events.Closed{}, events.AccountRemoved{},
		events.Refreshed{
			Since: 7, Available: true, Presence: "<presence>wild</presence>", PresenceAt: 8, Managed: true, TokenHash: "wild",
			Directed: []events.JID{jid("erin@localhost"), jid("frank@localhost")}, Address: "192.0.2.7:7",
		}, events.Unknown{Code: 250, Fields: []byte{0x90}},
	}).Draw(t, "event")
}

func accountsOf(table *Table) map[events.JID]*session.Account {
	got := map[events.JID]*session.Account{}
	table.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
		for a := range accounts {
			got[a.JID()] = a
		}
	})
	return got
}

// text is what accounts are, but for those without sessions, which tables forget.
func text(accounts map[events.JID]*session.Account) string {
	var b []byte
	for _, jid := range slices.SortedFunc(maps.Keys(accounts), func(a, b events.JID) int {
		return slices.Compare([]byte(a.String()), []byte(b.String()))
	}) {
		if len(accounts[jid].Sessions()) == 0 {
			continue
		}
		b = appendAccount(b, accounts[jid], accounts[jid].Sessions())
		for _, s := range accounts[jid].Sessions() {
			b = appendText(b, s.Address())
		}
		b = append(b, '\n')
	}
	return string(b)
}

// I11: the table is the fold of the log up to it, at every sequence.
func TestTheTableIsWhatApplyMakesOfEveryPrefix(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := history(t)
		table, want := NewTable(), map[events.JID]*session.Account{}
		for i := range w.stored {
			st := &w.stored[i]
			table.Fold(st)
			want[st.JID.Bare()] = session.Apply(want[st.JID.Bare()], st)
			if got := text(accountsOf(table)); got != text(want) {
				t.Fatalf("at %d the table holds\n%q, want\n%q", st.Seq, got, text(want))
			}
			checkInvariants(t, table)
		}
	})
}

// checkInvariants checks what must be true of every table whatever the log (I1
// to I4), and that what it counts is what it holds.
func checkInvariants(t *rapid.T, table *Table) {
	held := map[events.Incarnation]int{}
	sessions := 0
	for bare, a := range accountsOf(table) {
		full := map[events.JID]bool{}
		for _, s := range a.Sessions() {
			sessions++
			held[s.Connector()]++
			switch {
			case s.JID().Bare() != bare:
				t.Fatalf("%s is in the account %s", s.JID(), bare)
			case s.Bound() == s.JID().IsBare():
				t.Fatalf("%s is bound: %v", s.JID(), s.Bound())
			case (s.Available() || s.Interested()) && !s.Bound():
				t.Fatalf("%s is available or interested and not bound", s.ID)
			case !s.Available() && s.Priority != 0:
				t.Fatalf("%s is unavailable with a priority", s.JID())
			case s.Bound() && full[s.JID()]:
				t.Fatalf("%s is bound twice", s.JID())
			case s.Bound() && (table.Session(s.JID()) == s) == table.IsLost(s.Connector()):
				t.Fatalf("%s is found: %t, and lost: %t", s.JID(), table.Session(s.JID()) == s, table.IsLost(s.Connector()))
			}
			full[s.JID()] = true
		}
		checkRoutes(t, table, a, table.Routes(bare))
	}
	for _, c := range table.Connectors() {
		if held[c.Incarnation] != c.Sessions {
			t.Fatalf("%s holds %d, counted are %d", c, held[c.Incarnation], c.Sessions)
		}
		delete(held, c.Incarnation)
	}
	if n := table.Stats().Sessions; len(held) != 0 || n != sessions {
		t.Fatalf("%d sessions of %d, not counted: %v", n, sessions, held)
	}
}

func checkRoutes(t *rapid.T, table *Table, a *session.Account, routes []*session.Session) {
	there := func(s *session.Session) bool { return s.Available() && !table.IsLost(s.Connector()) }
	best := -1
	for _, s := range a.Sessions() {
		if there(s) {
			best = max(best, int(s.Priority))
		}
	}
	for _, s := range a.Sessions() {
		want := there(s) && best >= 0 && int(s.Priority) == best
		if slices.Contains(routes, s) != want {
			t.Fatalf("%s with priority %d is a route: %v (the best has %d)", s.JID(), s.Priority, !want, best)
		}
	}
}

// I11: folding again what was folded changes nothing, and replicas agree.
func TestFoldingTwiceIsFoldingOnceAndReplicasAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := history(t)
		one, other := w.table(), NewTable()
		for i := range w.stored {
			other.Fold(&w.stored[i])
			again := rapid.IntRange(0, i).Draw(t, "again")
			if before, after := other.Fold(&w.stored[again]); before != after {
				t.Fatalf("record %d was folded twice", again+1)
			}
		}
		p, h := one.Hash()
		q, g := other.Hash()
		if p != q || h != g {
			t.Fatalf("%v %s and %v %s", p, h, q, g)
		}
		if a, b := one.Stats(), other.Stats(); a.Records != b.Records || a.Mismatched != 0 || b.Mismatched != 0 {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

// The table's texts are its own: the log spoils each record's buffer after it.
func TestTheTableKeepsNothingOfTheMessagesThatItWasTold(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		w := history(r)
		w.append(sid(9), jid("alice@localhost"), events.Authenticated{})
		table := NewTable()
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		for st := range w.log.Follow(ctx, 0) {
			table.Fold(st)
			if st.Seq == w.last() {
				cancel()
			}
		}
		if got := text(accountsOf(table)); got != text(w.accounts) {
			r.Fatalf("the table holds\n%q, want\n%q", got, text(w.accounts))
		}
	})
}

// A table of the rest of a log, each of whose sessions was repeated in it, has
// the hash of the table of all, whatever the beginning is that it lacks.
func TestATableOfTheRestOfTheLogIsTheTableOfAll(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := writings(t, 0)
		cut := rapid.IntRange(0, len(w.stored)).Draw(t, "gone")
		for account := range w.accounts {
			for epoch := range uint64(3) {
				w.connector.Epoch = epoch + 1
				if err := w.do(account.String(), session.Refresh{Holder: w.connector, Begun: 1 << 62, Account: w.accounts[account]}); err != nil {
					t.Fatal(err)
				}
			}
		}
		all, rest := w.table(), NewTable()
		for i := range w.stored[cut:] {
			rest.Fold(&w.stored[cut+i])
		}
		_, want := all.Hash()
		if _, got := rest.Hash(); got != want || text(accountsOf(rest)) != text(accountsOf(all)) {
			t.Fatalf("without the first %d records the table holds\n%q, want\n%q", cut, text(accountsOf(rest)), text(w.accounts))
		}
		if n := rest.Stats().Mismatched; n > 0 {
			t.Fatalf("%d records are taken for faults: %v", n, rest.Stats().Faults)
		}
	})
}

package examples

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Figures are what Go finds in a log, by folding it as the service does.
type figures struct {
	first, last time.Time // when anything happened to a session
	curve       []count
	ends        []end                             // of all sessions
	days        map[time.Time]map[events.JID]bool // who was online on a day
	logins      []login
}

// A count is how many sessions were online after a record.
type count struct {
	seq events.Seq
	at  time.Time
	n   int
}

// A login succeeded or failed.
type login struct {
	at      time.Time
	name    events.JID
	address netip.Addr
	ok      bool
}

// foldLog finds the figures in the log up to a record, and in the events from before
// there were accounts.
func foldLog(t *testing.T, b *bus.Bus, to events.Seq) *figures {
	t.Helper()
	f := &fold{
		figures:  figures{days: map[time.Time]map[events.JID]bool{}},
		accounts: map[events.JID]*session.Account{}, since: map[events.JID]time.Time{},
	}
	for st, err := range b.Log().Read(t.Context(), events.Range{To: to}) {
		if err != nil {
			t.Fatal(err)
		}
		f.take(st)
	}
	for account, since := range f.since {
		f.wasOnline(account, since, f.last)
	}
	for st, err := range b.Pre().Read(t.Context(), time.Time{}, time.Time{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := st.Event.(events.AuthFailed); ok {
			name := st.Account()
			if name.Local() == "" {
				name = events.StoredJID(e.Username + "@" + name.Domain())
			}
			f.tried(st, name, e.Address, false)
		}
	}
	return &f.figures
}

// A fold is under way.
type fold struct {
	figures
	accounts map[events.JID]*session.Account
	online   int
	since    map[events.JID]time.Time // those that are online
}

func (f *fold) take(st *events.Stored) {
	at := st.StoredAt()
	if public.TypeOf(st.Event.Kind()).Class == public.Session {
		if f.first.IsZero() {
			f.first = at
		}
		f.last = at
	}
	account := st.Account()
	before := f.accounts[account]
	after := session.Apply(before, st)
	f.accounts[account] = after
	f.count(account, st, online(before), online(after))
	switch e := st.Event.(type) {
	case events.Authenticated:
		f.tried(st, account, e.Address, true)
	case events.Closed:
		f.ends = append(f.ends, end{fmt.Sprintf("%020d", st.Seq), st.ID.String(), why{e.Reason}})
	}
}

func online(a *session.Account) (n int) {
	for _, s := range a.Sessions() {
		if s.Bound() {
			n++
		}
	}
	return n
}

// count takes how many sessions of an account are online.
func (f *fold) count(account events.JID, st *events.Stored, before, after int) {
	if before == after {
		return
	}
	at := st.StoredAt()
	f.online += after - before
	f.curve = append(f.curve, count{st.Seq, at, f.online})
	switch {
	case before == 0:
		f.since[account] = at
	case after == 0:
		f.wasOnline(account, f.since[account], at)
		delete(f.since, account)
	}
}

func (f *fold) wasOnline(account events.JID, since, until time.Time) {
	for day := since.UTC().Truncate(24 * time.Hour); !day.After(until); day = day.AddDate(0, 0, 1) {
		if f.days[day] == nil {
			f.days[day] = map[events.JID]bool{}
		}
		f.days[day][account] = true
	}
}

func (f *fold) tried(st *events.Stored, name events.JID, address string, ok bool) {
	from, err := netip.ParseAddrPort(address)
	if err == nil {
		f.logins = append(f.logins, login{st.StoredAt(), name, from.Addr(), ok})
	}
}

// activeIn is who was online in so many days up to one.
func (f *figures) activeIn(day time.Time, days int) map[events.JID]bool {
	all := map[events.JID]bool{}
	for i := range days {
		for account := range f.days[day.AddDate(0, 0, -i)] {
			all[account] = true
		}
	}
	return all
}

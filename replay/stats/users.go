package stats

import (
	"hash/maphash"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Users are the accounts that were online in a day, a week or a month.
type Users struct {
	Period   string    `json:"period"` // day, week or month
	Begins   time.Time `json:"begins"`
	Ends     time.Time `json:"ends"`
	Accounts int       `json:"accounts"`
	Whole    bool      `json:"whole"` // all of it is in the span
	Exact    bool      `json:"exact"` // otherwise there were more
}

// The periods, from which every other begins where a day does.
const (
	day = iota
	week
	month
	periods
)

var periodNames = [periods]string{"day", "week", "month"}

type users struct {
	ids  identities
	seen map[uint64]*[periods]uint32 // by account: the numbers of the periods in which it was counted last
	now  [periods]Users
	no   [periods]uint32 // of the periods now; they count from 1
	rows []Users
}

func newUsers() *users {
	return &users{ids: newIdentities(), seen: map[uint64]*[periods]uint32{}, rows: []Users{}}
}

func (g *users) begin(f *fold) {
	for p := range periods {
		g.open(f, p, f.since)
	}
	g.meet(f)
}

// open begins the period that an instant is in.
func (g *users) open(f *fold, p int, at int64) {
	begins, ends := period(p, at)
	g.no[p]++
	g.now[p] = Users{Period: periodNames[p], Begins: begins, Ends: ends, Exact: true, Whole: begins.UnixNano() >= f.since}
}

// period is the one that an instant is in.
func period(p int, at int64) (begins, ends time.Time) {
	y, m, d := instant(at).Date()
	begins = time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
	switch p {
	case week:
		begins = begins.AddDate(0, 0, -(int(begins.Weekday())+6)%7)
		return begins, begins.AddDate(0, 0, 7)
	case month:
		begins = begins.AddDate(0, 0, 1-d)
		return begins, begins.AddDate(0, 1, 0)
	}
	return begins, begins.AddDate(0, 0, 1)
}

// meet counts all that are online.
func (g *users) meet(f *fold) {
	f.accounts(func(a *session.Account) {
		if online(a) > 0 {
			g.count(g.ids.of(a.JID()))
		}
	})
}

// reach ends the days, and what ends with them, before the one of an instant. Nothing has
// changed since the newest record, so those that were online then are in each of them.
func (g *users) reach(f *fold, at int64) {
	for ends := g.now[day].Ends.UnixNano(); at >= ends; ends = g.now[day].Ends.UnixNano() {
		for p := range periods {
			if g.now[p].Ends.UnixNano() == ends {
				g.rows = append(g.rows, g.now[p])
				g.open(f, p, ends)
			}
		}
		g.meet(f)
	}
}

func (g *users) take(c *change) {
	if _, ok := c.Event.(events.AccountRemoved); ok {
		g.ids.remove(c.JID, c.Seq)
	}
	if online(c.before) == 0 && online(c.after) > 0 {
		g.count(g.ids.of(c.JID.Bare()))
	}
}

func (g *users) count(account uint64) {
	seen := g.seen[account]
	if seen == nil {
		if len(g.seen) >= MaxAccounts {
			for p := range periods {
				g.now[p].Exact = false
			}
			return
		}
		seen = &[periods]uint32{}
		g.seen[account] = seen
	}
	for p := range periods {
		if seen[p] != g.no[p] {
			seen[p] = g.no[p]
			g.now[p].Accounts++
		}
	}
}

func (g *users) end(f *fold) {
	if f.count() == 0 {
		return
	}
	g.reach(f, f.until-1)
	for p := range periods {
		g.now[p].Whole = g.now[p].Whole && g.now[p].Ends.UnixNano() <= f.until
		g.rows = append(g.rows, g.now[p])
	}
}

func (g *users) answer(all *Answer) { all.Users = g.rows }

// identities tell accounts apart, one that was made again from the one that was removed.
type identities struct {
	seed    maphash.Seed
	removed map[uint64]events.Seq // the newest removal of an account, by its hash
}

func newIdentities() identities {
	return identities{maphash.MakeSeed(), map[uint64]events.Seq{}}
}

func (i *identities) of(account events.JID) uint64 {
	h := maphash.String(i.seed, account.String())
	if seq, ok := i.removed[h]; ok {
		return maphash.Comparable(i.seed, [2]uint64{h, uint64(seq)})
	}
	return h
}

func (i *identities) remove(account events.JID, seq events.Seq) {
	i.removed[maphash.String(i.seed, account.String())] = seq
}

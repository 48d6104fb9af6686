package stats

import (
	"time"

	"github.com/rollcall-xmpp/rollcall/session"
)

// Concurrency is how many were online in a step.
type Concurrency struct {
	At           time.Time `json:"at"`
	Sessions     int       `json:"sessions"` // when it began
	Accounts     int       `json:"accounts"`
	MostSessions int       `json:"most_sessions"` // at any moment of it
	MostAccounts int       `json:"most_accounts"`
}

type concurrency struct {
	sessions, accounts int
	rows               []Concurrency
	next               int64 // when the step after the newest row begins
}

func (g *concurrency) begin(f *fold) {
	f.accounts(func(a *session.Account) { g.add(online(a)) })
	g.next, g.rows = f.since, []Concurrency{}
	if f.count() > 0 {
		g.reach(f, f.since)
	}
}

// add takes an account's sessions into account, or, less than 0, out of it.
func (g *concurrency) add(sessions int) {
	g.sessions += sessions
	switch {
	case sessions > 0:
		g.accounts++
	case sessions < 0:
		g.accounts--
	}
}

// reach begins all steps up to and including the one of an instant.
func (g *concurrency) reach(f *fold, at int64) {
	for ; g.next <= at; g.next = f.after(g.next) {
		g.rows = append(g.rows, Concurrency{instant(g.next), g.sessions, g.accounts, g.sessions, g.accounts})
	}
}

func (g *concurrency) take(c *change) {
	was, is := online(c.before), online(c.after)
	if was == is {
		return
	}
	g.add(-was)
	g.add(is)
	row := &g.rows[len(g.rows)-1]
	row.MostSessions = max(row.MostSessions, g.sessions)
	row.MostAccounts = max(row.MostAccounts, g.accounts)
}

func (g *concurrency) end(f *fold) { g.reach(f, f.until-1) }

func (g *concurrency) answer(all *Answer) { all.Concurrency = g.rows }

package web

import (
	"cmp"
	"net"
	"slices"
	"time"
)

// A place is an address, or what the viewer may see of one, that logins came from.
type place struct {
	Address        string
	Logins, Failed int // resumptions count as logins
	First, Last    time.Time
}

// A mark is something that happened to an account, and not within a session.
type mark struct {
	Kind string // of the mark's shape: failed, password, disabled, enabled, role, kicked, account
	At   time.Time
	Step *happening
}

// A markKind is a kind of marks, as the legend has it.
type markKind struct {
	Kind, Means string
}

var markKinds = [...]markKind{
	{"failed", "failed login"}, {"kicked", "ended by somebody"}, {"disabled", "disabled"}, {"enabled", "enabled"},
	{"password", "password changed"}, {"role", "role changed"}, {"account", "account made or removed"},
}

// kinds are those of marks, by what happened.
var kinds = map[string]string{
	"connection.auth_failed": "failed", "account.password_changed": "password", "account.account_disabled": "disabled",
	"account.account_enabled": "enabled", "account.role_changed": "role", "account.account_created": "account", "account.account_removed": "account",
}

// tell makes of the steps what the page says of the account.
func (p *accountPage) tell() {
	places := map[string]*place{}
	for i := range p.Steps {
		s := &p.Steps[i]
		e := &s.Event
		kind := kinds[e.Kind()]
		if e.Kind() == "session.closed" && e.text("by") != "" {
			kind = "kicked"
		}
		if kind != "" {
			p.Marks = append(p.Marks, mark{Kind: kind, At: e.RecordedTime, Step: s})
		}
		switch e.Kind() {
		case "connection.auth_failed":
			p.Failed++
			fallthrough
		case "session.authenticated", "session.resumed":
			countPlace(places, e)
		}
	}
	for _, pl := range places {
		p.Places = append(p.Places, *pl)
	}
	slices.SortFunc(p.Places, func(a, b place) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Address, b.Address))
	})
}

// countPlace counts a login, or one that failed, at its place. Ports are of connections, and no
// places.
func countPlace(places map[string]*place, e *event) {
	address := e.text("address")
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	pl := places[address]
	if pl == nil {
		pl = &place{Address: address, First: e.RecordedTime}
		places[address] = pl
	}
	pl.Last = e.RecordedTime
	if e.Kind() == "connection.auth_failed" {
		pl.Failed++
		return
	}
	pl.Logins++
}

// Logins are those of the account in the span that a filter means.
func (p *accountPage) Logins(filter string) string {
	span := p.Span.query()
	return loginsPath(p.JID, filter, span.Get("since"), span.Get("until"))
}

// FailedFrom are the logins that failed from a place.
func (p *accountPage) FailedFrom(address string) string {
	if address == "" || !p.Span.page.Viewer.May("read:address") {
		return p.Logins(failedLogins)
	}
	return p.Logins(failedLogins + " address:" + address)
}

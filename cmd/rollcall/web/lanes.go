package web

import (
	"slices"
	"time"
)

// A lane is a session over time.
type lane struct {
	ID, JID, Resource string
	Connector         string
	Began             time.Time // zero: before what is known
	Ended             time.Time // zero: it goes on
	Reason            string
	By                string // who ended it, if somebody did
	Phases            []phase

	available bool // by its last presence, also while it is detached
}

// A phase is a time in which a session was in one state.
type phase struct {
	State    string // as of session.State
	From, To time.Time
}

// Open reports a session that goes on.
func (l *lane) Open() bool { return l.Ended.IsZero() }

// CutOff reports a session that did not end because its client wanted it to.
func (l *lane) CutOff() bool { return !l.Open() && l.Reason != "client" }

// isWayBack reports a login that did nothing but resume another session.
func (l *lane) isWayBack() bool { return l.Reason == "resumed" }

// Total is how long it was in a state within what is shown.
func (l *lane) Total(state string) (d time.Duration) {
	for _, s := range l.Phases {
		if s.State == state {
			d += s.To.Sub(s.From)
		}
	}
	return d
}

// lanes are made of what happened to an account, in its order.
type lanes struct {
	from time.Time // where what is shown begins
	list []*lane
}

// present takes a session that there was where what is shown begins.
func (ls *lanes) present(s *session) {
	l := &lane{ID: s.ID, JID: s.JID, Resource: s.Resource, Connector: s.Connector, Began: s.Since, available: s.Available}
	l.enter(drawn(s.State()), ls.from)
	ls.list = append(ls.list, l)
}

// drawn is the state that a chart shows: a session is unbound for so short a time that it
// would not be seen.
func drawn(state string) string {
	if state == "unbound" {
		return "connected"
	}
	return state
}

// of is the lane of an event's session, a new one if it is the first that is known of it.
func (ls *lanes) of(e *event) *lane {
	id := e.Session()
	if i := slices.IndexFunc(ls.list, func(l *lane) bool { return l.ID == id }); i >= 0 {
		return ls.list[i]
	}
	l := &lane{ID: id, JID: e.text("jid"), Connector: e.text("connector"), Began: e.instant("began")}
	from := e.RecordedTime
	if e.Kind() != "session.authenticated" { // the log has forgotten how it began
		from = ls.from
	}
	l.enter("connected", from)
	ls.list = append(ls.list, l)
	return l
}

// take takes the next event of the account.
func (ls *lanes) take(e *event) {
	if e.Kind() == "account.account_removed" {
		for _, l := range ls.list {
			l.end(e.RecordedTime, "account_removed", e.text("by"))
		}
		return
	}
	if e.Session() == "" {
		return
	}
	l, at := ls.of(e), e.RecordedTime
	if !l.Open() {
		return
	}
	if jid := e.text("jid"); jid != "" {
		l.JID, l.Resource = jid, jid[min(len(bare(jid))+1, len(jid)):]
	}
	switch e.part(2) {
	case "presence_available", "presence_unavailable":
		l.available = e.part(2) == "presence_available"
		l.enter(l.attached(), at)
	case "refreshed":
		l.available, _ = e.Data["available"].(bool)
	case "detached":
		l.enter("detached", at)
	case "resumed":
		l.Connector = e.text("connector")
		l.enter(l.attached(), at)
	case "closed":
		l.end(at, e.text("reason"), e.text("by"))
	}
}

// attached is the state of a session that has a connection.
func (l *lane) attached() string {
	if l.available {
		return "available"
	}
	return "connected"
}

// enter begins a state, unless it is in it.
func (l *lane) enter(state string, at time.Time) {
	if n := len(l.Phases); n > 0 {
		if l.Phases[n-1].State == state {
			return
		}
		l.Phases[n-1].To = at
	}
	l.Phases = append(l.Phases, phase{State: state, From: at})
}

func (l *lane) end(at time.Time, reason, by string) {
	if !l.Open() {
		return
	}
	l.Ended, l.Reason, l.By = at, reason, by
	l.Phases[len(l.Phases)-1].To = at
}

// finish ends what is shown of the sessions that go on.
func (ls *lanes) finish(to time.Time) {
	for _, l := range ls.list {
		if l.Open() {
			l.Phases[len(l.Phases)-1].To = to
		}
	}
}

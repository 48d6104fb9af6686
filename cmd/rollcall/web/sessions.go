package web

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A sessionList is the page of the sessions that there are, now or at a moment.
type sessionList struct {
	At       uint64 // the record after which they are so
	Whole    bool
	Matching int
	Counts   stateCounts `json:"states"`
	Items    []session
	Next     string
	Complete bool

	Asked   sessionQuery
	Then    time.Time // when the moment was; zero: nobody knows
	Problem problem   // of what was typed; its status is 0 if there is none
	Hosts   []connector
}

// A sessionQuery is what was asked for, in the fields of the bar.
type sessionQuery struct {
	At, Account, Connector, State, Filter string
}

// States are those of sessions, with what they mean.
func (*sessionList) States() []state { return states[:] }

// sessions lists those that there are.
func sessions(v *visit) (*shown, error) {
	list := &sessionList{Asked: sessionQuery{
		At: v.value("at"), Account: strings.TrimSpace(v.value("account")),
		Connector: v.value("connector"), State: v.value("state"), Filter: strings.TrimSpace(v.value("filter")),
	}}
	s := &shown{template: "sessions", Title: "Sessions", Body: list}
	at, err := v.momentOf("at")
	if err == nil {
		list.Asked.At = at.String()
		err = list.Asked.known()
	}
	if err == nil {
		err = v.ask("Sessions", "/v1/sessions", list.Asked.values(v.After()), list)
	}
	if err != nil {
		if list.Problem = typed(err, !at.Live()); list.Problem.Status == 0 {
			return nil, err
		}
		list.Asked.At, s.Status = v.value("at"), list.Problem.Status
		return s, nil
	}
	if list.Then = at.Time; at.Live() {
		s.Live, s.Counts = list.Asked.following()
		list.Then = v.now
		return s, list.askHosts(v)
	}
	s.Title = "Sessions as they were"
	if at.Seq == 0 {
		return s, nil
	}
	e, err := v.eventAt(at.Seq)
	if e != nil {
		list.Then = e.RecordedTime
	}
	return s, err
}

// askHosts asks where to log in, for whoever sees an empty page.
func (l *sessionList) askHosts(v *visit) error {
	if !l.Empty() || l.Chooses() {
		return nil
	}
	var body struct{ Items []connector }
	err := v.ask("Connectors", "/v1/connectors", nil, &body)
	l.Hosts = body.Items
	return err
}

// known fails if there is no such state.
func (q *sessionQuery) known() error {
	if _, ok := stateOf(q.State); ok || q.State == "" {
		return nil
	}
	names := make([]string, len(states))
	for i := range states {
		names[i] = states[i].Name
	}
	return &problem{Status: http.StatusBadRequest, Parameter: "state", Detail: fmt.Sprintf("state: %q is none; there are %s", q.State, strings.Join(names, ", "))}
}

// values are the query that asks the API.
func (q *sessionQuery) values(after string) url.Values {
	query := url.Values{}
	for name, value := range map[string]string{"at": q.At, "account": q.Account, "connector": q.Connector, "filter": q.filter(), "after": after} {
		if value != "" {
			query.Set(name, value)
		}
	}
	return query
}

// filter is what was typed, and the state.
func (q *sessionQuery) filter() string {
	if q.State == "" {
		return q.Filter
	}
	return strings.TrimSpace(q.Filter + " state:" + q.State)
}

// chooses reports that not all are meant.
func (q *sessionQuery) chooses() bool {
	return q.Account != "" || q.Connector != "" || q.filter() != ""
}

// Chooses reports that not all sessions are meant.
func (l *sessionList) Chooses() bool { return l.Asked.chooses() }

// ByAddress reports that an address alone was asked for. The log may know of earlier logins.
func (l *sessionList) ByAddress() bool {
	return strings.HasPrefix(l.Asked.Filter, "address:") && !strings.Contains(l.Asked.Filter, " ")
}

// Empty reports that no sessions are meant.
func (l *sessionList) Empty() bool { return l.Matching == 0 }

// For is how long a session had lasted at the moment of the page.
func (l *sessionList) For(s *session) string {
	if l.Then.IsZero() || s.Since.IsZero() {
		return "–"
	}
	return duration(max(l.Then.Sub(s.Since), 0).Truncate(time.Second))
}

// Command is the line that lists the same in a shell.
func (l *sessionList) Command() string {
	q := &l.Asked
	words := []string{"rollcall", "sessions"}
	if q.Account != "" {
		words = append(words, q.Account)
	}
	if q.At != "" {
		words = append(words, "--at", q.At)
	}
	if q.Connector != "" {
		words = append(words, "--connector", q.Connector)
	}
	if filter := q.filter(); filter != "" {
		words = append(words, filter)
	}
	return shellLine(words)
}

// typed is the problem if it is one of what was typed, which the page shows where that
// was. A moment that the log does not know names no parameter.
func typed(err error, past bool) problem {
	p, ok := errors.AsType[*problem](err)
	if !ok {
		return problem{}
	}
	fault := *p
	if past && fault.Parameter == "" && (fault.Status == http.StatusBadRequest || fault.Status == http.StatusGone) {
		fault.Parameter = "at"
	}
	if fault.Parameter == "" {
		return problem{}
	}
	return fault
}

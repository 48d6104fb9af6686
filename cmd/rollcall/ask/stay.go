package ask

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session"
)

// ErrNoSession: the log has no such session, or not where it was looked for.
var ErrNoSession = errors.New("there is no such session in the log")

// The most that is read for one answer, and how far clocks may differ.
const (
	maxRecords = 200_000
	maxTime    = 2 * time.Second
	skew       = time.Hour   // of records of one account, which are few
	nearSkew   = time.Second // of records of all
	farSkew    = time.Minute
	nearAfter  = 10 * time.Minute // a login waits half a minute for the log at most
)

// A Stay is a session from its beginning to its end. Its JSON has no address but the
// session's.
type Stay struct {
	Session  query.Session `json:"session"`     // as it was last
	Began    string        `json:"began"`       // by its id, as its events have it
	Ended    string        `json:"ended"`       // ""; it goes on, or its end was not found
	Duration int64         `json:"duration_ms"` // so far, if it has not ended
	Reason   string        `json:"reason"`
	Text     string        `json:"text"`
	By       string        `json:"by"`  // who ended it, if somebody did
	Why      string        `json:"why"` // it ended, or how it is, in words

	Events   []*events.Stored `json:"-"` // a page of its own
	Next     events.Seq       `json:"-"` // after which the next one begins
	Complete bool             `json:"-"` // there are no more
	Scanned  int              `json:"-"` // records that were looked at
	Cut      bool             `json:"-"` // too many, so that the end was not looked for
}

// AccountOf finds the account of a session by the record of its login, which is looked
// for around the time that its id tells: first from there on, then before, for the clock
// of a connector may be ahead. It fails with ErrNoSession.
func (s *Source) AccountOf(ctx context.Context, id events.SessionID) (events.JID, error) {
	began := id.Began()
	account, err := s.accountIn(ctx, id, events.Range{Since: began.Add(-nearSkew), Until: began.Add(nearAfter)})
	if errors.Is(err, ErrNoSession) {
		account, err = s.accountIn(ctx, id, events.Range{Since: began.Add(-farSkew), Until: began.Add(-nearSkew)})
	}
	return account, err
}

// accountIn looks for a session's first record in a range.
func (s *Source) accountIn(ctx context.Context, id events.SessionID, r events.Range) (events.JID, error) {
	n, deadline := 0, time.Now().Add(maxTime)
	for st, err := range events.Intact(s.Archive.Read(ctx, r)) {
		if err != nil {
			return events.JID{}, err
		}
		if st.Session == id {
			return st.Account(), nil
		}
		if n++; n == maxRecords || n%1000 == 0 && time.Now().After(deadline) {
			break
		}
	}
	return events.JID{}, errors.Join(ErrNoSession, ctx.Err())
}

// Stay tells of one session of an account, with those of its events that are on the page.
// It fails with ErrNoSession.
func (s *Source) Stay(ctx context.Context, account events.JID, id events.SessionID, after events.Seq, limit int) (*Stay, error) {
	f := stayFold{id: id, stay: &Stay{Next: after, Complete: true}, limit: limit, deadline: time.Now().Add(maxTime)}
	for st, err := range events.Intact(s.Archive.Read(ctx, events.Range{Account: account.Bare(), Since: id.Began().Add(-skew)})) {
		if err != nil {
			return nil, err
		}
		if !f.take(st) {
			break
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f.finish()
	if f.end != nil || f.stay.Cut && f.first != nil {
		return f.stay, nil
	}
	return f.stay, s.describe(ctx, account, &f)
}

// describe says of a session that goes on what is true of it now. The log may have
// forgotten all that happened to it.
func (s *Source) describe(ctx context.Context, account events.JID, f *stayFold) error {
	list, err := s.Now.SessionsOf(ctx, []events.JID{account.Bare()})
	if err != nil {
		return err
	}
	i := slices.IndexFunc(list, func(v query.Session) bool { return v.ID == f.id.String() })
	if i < 0 && f.first == nil {
		return ErrNoSession
	}
	if i >= 0 {
		f.stay.Session = list[i]
	}
	f.stay.Why = "it goes on: " + stateWords(&f.stay.Session)
	return nil
}

func stateWords(v *query.Session) string {
	switch v.State() {
	case "lost":
		return "its connector " + v.Connector + " is lost, so not for long"
	case "detached":
		return "its connection is gone, and it waits to be resumed"
	case "available":
		return fmt.Sprintf("available with priority %d", v.Priority)
	case "unbound":
		return "it has no resource yet"
	}
	return "connected, without presence"
}

// A stayFold reads one session out of its account's records.
type stayFold struct {
	id       events.SessionID
	stay     *Stay
	limit    int
	deadline time.Time

	account  *session.Account // folded from before the session's beginning on
	last     *session.Session // as it was last; nil: nothing but its end is known
	first    *events.Stored   // of the session's records
	detached *events.Stored   // the newest, while nothing has come after it
	end      *events.Stored   // the record that ended it
	behind   int              // records after that
	by       *events.Stored   // the record of the session that replaced it
}

// manyBehind is after how many records the session that took the full JID is no longer
// looked for: both are appended together.
const manyBehind = 8

// take takes the account's next record, and reports whether more are wanted.
func (f *stayFold) take(st *events.Stored) bool {
	f.stay.Scanned++
	before := f.account.Session(f.id)
	f.account = session.Apply(f.account, st)
	switch after := f.account.Session(f.id); {
	case f.end != nil:
		f.behind++
		if _, ok := st.Event.(events.Bound); ok && f.last != nil && st.JID == f.last.JID() {
			f.by = st
		}
		return f.by == nil && f.behind < manyBehind
	case after != nil:
		f.last = after
	case before != nil:
		f.end = st
	}
	if st.Session == f.id {
		f.own(st)
	} else if f.end != nil { // in a log that is not whole another session took the full JID
		f.by = st
	}
	if f.stay.Scanned == maxRecords || f.stay.Scanned%1000 == 0 && time.Now().After(f.deadline) {
		f.stay.Cut = f.end == nil
		f.stay.Complete = f.stay.Complete && !f.stay.Cut
		return false
	}
	return f.end == nil || f.mayBeReplaced()
}

// own takes a record of the session itself.
func (f *stayFold) own(st *events.Stored) {
	if f.first == nil {
		f.first = st
	}
	switch st.Event.(type) {
	case events.Closed:
		f.end = st
	case events.Detached:
		f.detached = st
	case events.Resumed:
		f.detached = nil
	}
	switch {
	case st.Seq <= f.stay.Next && len(f.stay.Events) == 0:
	case len(f.stay.Events) == f.limit:
		f.stay.Complete = false
	default:
		f.stay.Events, f.stay.Next = append(f.stay.Events, st), st.Seq
	}
}

func (f *stayFold) mayBeReplaced() bool {
	e, ok := f.end.Event.(events.Closed)
	return ok && e.Reason == events.ReasonReplaced
}

// finish puts together what was read.
func (f *stayFold) finish() {
	s := f.stay
	s.Began = query.Timestamp(f.id.Began().UnixNano())
	switch {
	case f.last != nil:
		s.Session = query.Of(f.last, false)
	case f.first != nil: // only of its end something is left
		jid := f.first.JID
		s.Session = query.Session{ID: f.id.String(), JID: jid, Username: jid.Local(), Host: jid.Domain(), Resource: jid.Resource(), Type: "c2s"}
	}
	until := time.Now().UnixNano()
	if f.end != nil {
		until = f.end.Time
		s.Ended = query.Timestamp(f.end.At)
		s.Reason = string(events.ReasonReplaced)
		if e, ok := f.end.Event.(events.Closed); ok {
			s.Reason, s.Text, s.By = string(e.Reason), e.Text, string(e.By)
		}
		s.Why = f.why()
	} else if s.Cut {
		s.Why = "its account has too many events to look for its end"
	}
	s.Duration = max(until/int64(time.Millisecond)-f.id.Began().UnixMilli(), 0)
}

// why is why it ended, in words, with the events that led to it.
func (f *stayFold) why() string {
	reason := events.Reason(f.stay.Reason)
	words := wordsOf(reason)
	switch {
	case reason == events.ReasonTimeout && f.detached != nil:
		d := f.detached.Event.(events.Detached)
		words = fmt.Sprintf("its connection was lost at %s (%s), and it was not resumed by %s", clock(f.detached.At), d.Reason, clock(d.Until))
	case reason == events.ReasonReplaced && f.by != nil:
		words += ", the session " + f.by.Session.String()
	case reason == events.ReasonConnectorLost && f.last != nil:
		lost, by := f.last.Connector().Name, f.end.Connector.Name
		if by == lost {
			by = "its next start"
		}
		words += ": " + lost + ", as " + by + " found out"
	}
	return words + before(": ", f.stay.Text) + byWhom(events.Actor(f.stay.By))
}

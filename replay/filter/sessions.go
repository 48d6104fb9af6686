package filter

import (
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
)

// A Stay is a session as a filter looks at it.
type Stay struct {
	*query.Session
	At     time.Time // when it ended, or the moment that is asked about
	Began  time.Time // zero: as Session.Since says
	Reason string    // why it ended; "" if it goes on
	Text   string    // said of its end
	By     string    // who wanted it, if somebody did
}

func (s *Stay) id() events.SessionID {
	id, _ := events.ParseID(s.ID) // zero if it is none
	return events.SessionID(id)
}

func (s *Stay) lasted() (ms int64, ok bool) {
	began := s.Began
	if began.IsZero() {
		began = query.Time(s.Since)
	}
	return max(s.At.Sub(began).Milliseconds(), 0), true
}

// Sessions says which sessions are meant; the zero one all of them. It does not change,
// and any goroutine may use it.
type Sessions struct {
	text  string
	terms []term[*Stay]
}

// ParseSessions reads a filter of sessions, present or past.
func ParseSessions(text string) (*Sessions, error) {
	terms, err := parse(text, sessionKeys)
	if err != nil {
		return nil, err
	}
	return &Sessions{strings.TrimSpace(text), terms}, nil
}

// String is the text that the filter was made of.
func (f *Sessions) String() string { return f.text }

// Has reports that a session is meant.
func (f *Sessions) Has(s *Stay) bool {
	for i := range f.terms {
		if t := &f.terms[i]; t.of(s) == t.not {
			return false
		}
	}
	return true
}

// All reports that all are meant.
func (f *Sessions) All() bool { return len(f.terms) == 0 }

// Brief reports that [query.Brief] of a session, and when it began, are enough to say whether
// it is meant.
func (f *Sessions) Brief() bool { return !f.Asks("session") }

// Asks reports a term with the key, as [Filter.Asks].
func (f *Sessions) Asks(key string) bool { return asks(f.terms, key) }

// AsksEnd reports a term about how a session has ended: of one that goes on none holds.
func (f *Sessions) AsksEnd() bool { return f.Asks("reason") || f.Asks("text") || f.Asks("by") }

// Accounts are those that alone are meant, as [Filter.Accounts].
func (f *Sessions) Accounts() []events.JID { return accounts(f.terms) }

// Few reports that the sessions of a few accounts alone are meant, which are read by
// themselves.
func (f *Sessions) Few() bool { return few(f.Accounts()) }

// Account is the one account whose events or sessions alone a text means; zero if it may
// be others, too, or the text is no filter.
func Account(text string) events.JID {
	var list []events.JID
	if f, err := Parse(text); err == nil {
		list = f.Accounts()
	} else if f, err := ParseSessions(text); err == nil {
		list = f.Accounts()
	}
	if len(list) != 1 {
		return events.JID{}
	}
	return list[0]
}

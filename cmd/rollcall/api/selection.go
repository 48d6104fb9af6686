package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"rollcall/events"
	"rollcall/replay/public"
)

// Limits of a page.
const (
	defaultLimit = 100
	maxLimit     = 1000
	maxScan      = 200_000     // records that are looked at for a page
	maxScanTime  = time.Second // for which they are
)

// A selection says which events are meant.
type selection struct {
	account events.JID // zero: all
	types   []string   // names of events; none: all
	classes []string   // none: all
	session events.SessionID
	after   events.Seq // sequences greater than this
	to      events.Seq // up to and including this; 0: no limit
	since   time.Time
	until   time.Time
	limit   int
	newest  bool // newest first
}

// bad is what is wrong with a parameter.
func bad(parameter, format string, args ...any) error {
	return Problem{Status: http.StatusBadRequest, Parameter: parameter, Detail: parameter + ": " + fmt.Sprintf(format, args...)}
}

// known are the parameters that a route takes, beside those that all take where they are
// not in the path.
func known(query url.Values, names ...string) error {
	return only(query, append(names, "account", "min_seq"))
}

func only(query url.Values, names []string) error {
	for name, values := range query {
		if !slices.Contains(names, name) {
			return bad(name, "there is no such parameter here; there are %s", strings.Join(names, ", "))
		}
		if len(values) > 1 {
			return bad(name, "it is given twice")
		}
	}
	return nil
}

// selectionOf reads the parameters of a question about events. names are those that the
// route takes beside the ones by which events are selected.
func selectionOf(q *question, names ...string) (s selection, err error) {
	query := q.r.URL.Query()
	if err := known(query, append(names, "type", "class", "session", "after")...); err != nil {
		return s, err
	}
	s.account, s.limit = q.about, defaultLimit
	if s.types, err = words(query, "type", func(word string) bool { _, ok := public.Named(word); return ok }); err != nil {
		return s, err
	}
	for i, name := range s.types {
		t, _ := public.Named(name)
		s.types[i] = t.Event
	}
	if s.classes, err = words(query, "class", func(word string) bool { return slices.Contains(public.Classes(), public.Class(word)) }); err != nil {
		return s, err
	}
	if text := query.Get("session"); text != "" {
		id, err := events.ParseID(text)
		if err != nil {
			return s, bad("session", "it is the 26 characters of a session's id")
		}
		s.session = events.SessionID(id)
	}
	if s.after, err = sequence(query, "after"); err != nil {
		return s, err
	}
	if s.to, err = sequence(query, "to"); err != nil {
		return s, err
	}
	if s.to == 0 && query.Has("to") {
		return s, bad("to", "sequences begin at 1")
	}
	if s.since, err = instant(query, "since"); err != nil {
		return s, err
	}
	if s.until, err = instant(query, "until"); err != nil {
		return s, err
	}
	if text := query.Get("limit"); text != "" {
		if s.limit, err = strconv.Atoi(text); err != nil || s.limit < 1 || s.limit > maxLimit {
			return s, bad("limit", "it is from 1 to %d", maxLimit)
		}
	}
	switch query.Get("order") {
	case "", "asc":
	case "desc":
		s.newest = true
	default:
		return s, bad("order", "it is asc or desc")
	}
	return s, nil
}

// words reads a list with commas whose words must be allowed.
func words(query url.Values, name string, allowed func(string) bool) (list []string, err error) {
	text := query.Get(name)
	if text == "" {
		return nil, nil
	}
	for word := range strings.SplitSeq(text, ",") {
		if !allowed(word) {
			return nil, bad(name, "there is no %q; /v1/schemas/asyncapi.yaml lists types by their classes", word)
		}
		list = append(list, word)
	}
	return list, nil
}

func sequence(query url.Values, name string) (events.Seq, error) {
	text := query.Get(name)
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 63)
	if err != nil {
		return 0, bad(name, "it is a sequence, a whole number")
	}
	return events.Seq(n), nil
}

// instant reads a time, or how long ago it was.
func instant(query url.Values, name string) (time.Time, error) {
	text := query.Get(name)
	if text == "" {
		return time.Time{}, nil
	}
	if back, ok := strings.CutPrefix(text, "-"); ok {
		if d, err := time.ParseDuration(back); err == nil {
			return time.Now().Add(-d), nil
		}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, bad(name, "it is a time as in 2026-01-31T14:03:07Z, or how long ago as in -15m")
	}
	return t, nil
}

// all reports that nothing is left out but by place.
func (s *selection) all() bool {
	return s.account.IsZero() && len(s.types)+len(s.classes) == 0 && s.session.IsZero()
}

// has reports an event that is meant, wherever it stands.
func (s *selection) has(st *events.Stored) bool {
	if !s.account.IsZero() && st.Account() != s.account || !s.session.IsZero() && st.Session != s.session {
		return false
	}
	if len(s.types)+len(s.classes) == 0 {
		return true
	}
	t := public.TypeOf(st.Event.Kind())
	return (len(s.types) == 0 || slices.Contains(s.types, t.Event)) && (len(s.classes) == 0 || slices.Contains(s.classes, string(t.Class)))
}

// hasDamaged reports that records that can't be decoded are meant.
func (s *selection) hasDamaged() bool {
	return s.all() || s.account.IsZero() && s.session.IsZero() && (slices.Contains(s.types, "damaged") || slices.Contains(s.classes, string(public.Log)))
}

func (s *selection) span() events.Range {
	return events.Range{Account: s.account, After: s.after, To: s.to, Since: s.since, Until: s.until}
}

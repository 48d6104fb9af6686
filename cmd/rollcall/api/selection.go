package api

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
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
	filter  *filter.Filter
	after   events.Seq // sequences greater than this
	to      events.Seq // up to and including this; 0: no limit
	since   time.Time
	until   time.Time
	limit   int
	newest  bool // newest first
	nothing bool // where the newest come first: all down to the first record has been given
}

// limitOf is how many are wanted at most.
func limitOf(q *question) (n int, err error) {
	text := q.r.URL.Query().Get("limit")
	if text == "" {
		return defaultLimit, nil
	}
	if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxLimit {
		return n, bad("limit", "it is from 1 to %d", maxLimit)
	}
	return n, nil
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

// only are the parameters with these names, each once.
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
	if err := known(query, append(names, "filter", "type", "class", "session", "after")...); err != nil {
		return s, err
	}
	s.account = q.about
	if s.filter, err = filterOf(q); err != nil {
		return s, err
	}
	if s.filter.BeforeLogin() {
		return s, bad("filter", "what happens before a login is not in the log, but in a stream of its own; /v1/logins has the logins that failed")
	}
	if s.after, err = sequence(query, "after"); err != nil {
		return s, err
	}
	if s.to, err = sequence(query, "to"); err != nil {
		return s, err
	}
	if s.since, s.until, err = spanOf(query); err != nil {
		return s, err
	}
	if s.limit, err = limitOf(q); err != nil {
		return s, err
	}
	switch query.Get("order") {
	case "", "asc":
	case "desc":
		s.newest = true
	default:
		return s, bad("order", "it is asc or desc")
	}
	s.nothing = s.newest && query.Get("to") == "0" // so the last page says to go on
	if s.to == 0 && query.Has("to") && !s.nothing {
		return s, bad("to", "sequences begin at 1")
	}
	return s, nil
}

// filterOf reads the filter and the parameters that each are a term of it. By whether an
// event is meant it tells of addresses, so that only those who may see them can ask.
func filterOf(q *question) (*filter.Filter, error) {
	query := q.r.URL.Query()
	f, err := filter.Parse(query.Get("filter"))
	if err != nil {
		return nil, bad("filter", "%v", err)
	}
	for _, name := range []string{"type", "class", "session"} {
		if query.Get(name) == "" {
			continue
		}
		if f, err = f.And(name, query.Get(name)); err != nil {
			return nil, Problem{Status: http.StatusBadRequest, Parameter: name, Detail: err.Error()}
		}
	}
	return f, mayFilter(q, f.Asks("address"))
}

// mayFilter refuses to filter by address for a token that may not see addresses.
func mayFilter(q *question, byAddress bool) error {
	if !byAddress || q.by.MayAbout(access.ReadAddress, q.about) {
		return nil
	}
	return Problem{Status: http.StatusForbidden, Parameter: "filter", Scope: access.ReadAddress, Detail: "filter: address: this token does not have the scope read:address, without which addresses can't be asked for"}
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
		if d, err := replay.ParseDuration(back); err == nil {
			return replay.InReach(time.Now().Add(-d)), nil
		}
	}
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return t, bad(name, "it is a time as in 2026-01-31T14:03:07Z, or how long ago as in -15m")
	}
	return replay.InReach(t), nil
}

// spanOf reads the times of a span; zero: no limit.
func spanOf(query url.Values) (since, until time.Time, err error) {
	if since, err = instant(query, "since"); err != nil {
		return since, until, err
	}
	if until, err = instant(query, "until"); err != nil {
		return since, until, err
	}
	if since.After(time.Now()) || !until.IsZero() && !since.Before(until) {
		return since, until, bad("since", "it is before until, and not in the future")
	}
	return since, until, nil
}

// has reports an event that is meant, wherever it stands.
func (s *selection) has(st *events.Stored) bool {
	return (s.account.IsZero() || st.Account() == s.account) && s.filter.Event(st)
}

// hasDamaged reports that records that can't be decoded are meant.
func (s *selection) hasDamaged() bool { return s.account.IsZero() && s.filter.Damaged() }

// few reports that little is read, however long the log is.
func (s *selection) few() bool { return !s.account.IsZero() || s.filter.Few() }

// read gives what the log has in the selection's span, and no more accounts than the
// filter names.
func (s *selection) read(ctx context.Context, log events.Log) iter.Seq2[*events.Stored, error] {
	return s.filter.Read(ctx, log, s.span())
}

func (s *selection) span() events.Range {
	return events.Range{Account: s.account, After: s.after, To: s.to, Since: s.since, Until: s.until}
}

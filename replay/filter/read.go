package filter

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// maxSubjects is how many accounts are read each by its own records; to read those of
// more, all records of the log are looked at.
const maxSubjects = 16

// clockError is how much earlier by the log's clock than by that of its connector a
// session may have begun. As much is usual elsewhere (RFC 4120, 8.2: 5 minutes).
const clockError = 5 * time.Minute

// Accounts are those that alone are meant, none if all may be.
func (f *Filter) Accounts() []events.JID { return accounts(f.terms) }

func accounts[S any](terms []term[S]) (list []events.JID) {
	if t := only(terms, "account"); t != nil {
		for _, v := range t.values {
			list = append(list, v.jid)
		}
	}
	return distinct(list)
}

// places are the accounts, or what is in the place of one, whose records alone can be
// meant; none if any may be.
func (f *Filter) places() []events.JID {
	if list := f.Accounts(); len(list) > 0 || f.Damaged() {
		return list
	}
	var list []events.JID
	for k, never := range f.never {
		switch class := public.TypeOf(events.Kind(k)).Class; {
		case never:
		case class == public.Connector:
			list = append(list, events.Connectors)
		case class == public.Network:
			list = append(list, events.Networks)
		default:
			return nil
		}
	}
	return distinct(list)
}

// only is a term without which nothing is meant, and that names what it means.
func only[S any](terms []term[S], key string) *term[S] {
	for i := range terms {
		t := &terms[i]
		if t.key.name == key && !t.not && !slices.ContainsFunc(t.values, func(v value) bool { return v.any }) {
			return t
		}
	}
	return nil
}

// Narrow limits a range to where the log has events that can be meant: to the one account
// that a filter names, or to connectors where it means nothing else, and to the records
// stored since five minutes before its sessions began. The beginning is in a session's
// id, by the clock of a connector; the minutes are for clocks that disagree.
func (f *Filter) Narrow(r events.Range) events.Range {
	if list := f.places(); len(list) == 1 && r.Account.IsZero() {
		r.Account = list[0]
	}
	ids := f.sessions()
	if len(ids) == 0 {
		return r
	}
	first := slices.MinFunc(ids, func(a, b events.SessionID) int { return slices.Compare(a[:], b[:]) })
	if since := first.Began().Add(-clockError); since.After(r.Since) {
		r.Since = since
	}
	return r
}

// sessions are those that alone are meant, none if all may be.
func (f *Filter) sessions() (ids []events.SessionID) {
	if t := only(f.terms, "session"); t != nil {
		for _, v := range t.values {
			ids = append(ids, v.id)
		}
	}
	return ids
}

// Few reports that little of a log is read: only what some accounts have done, or an
// account whose session is looked for first.
func (f *Filter) Few() bool {
	return f.FewAccounts() || few(f.sessions())
}

// FewAccounts reports that Read reads the records of some accounts, or of connectors, and
// no others.
func (f *Filter) FewAccounts() bool { return few(f.places()) }

func few[S any](list []S) bool { return 0 < len(list) && len(list) <= maxSubjects }

// Read gives the records of a range that may be meant, in their order; the caller asks
// Event of each. Where the filter names up to 16 accounts, or means connectors or networks
// alone, it reads no others; where it
// names up to 16 sessions it reads on from their beginning, and once it knows whose they
// are no others either. Errors are as in [events.Log]; of records that can't be decoded
// there are those of the accounts that are read.
func (f *Filter) Read(ctx context.Context, log events.Log, r events.Range) iter.Seq2[*events.Stored, error] {
	list, ids := f.places(), f.sessions()
	r = f.Narrow(r)
	switch {
	case !r.Account.IsZero():
	case few(list):
		return func(yield func(*events.Stored, error) bool) { merge(ctx, log, r, list, yield) }
	case few(ids):
		return func(yield func(*events.Stored, error) bool) { search(ctx, log, r, ids, yield) }
	}
	return log.Read(ctx, r)
}

// search reads all records until it knows whose all the sessions are, and from there on
// those of these accounts.
func search(ctx context.Context, log events.Log, r events.Range, ids []events.SessionID, yield func(*events.Stored, error) bool) {
	missing := make(map[events.SessionID]bool)
	for _, id := range ids {
		missing[id] = true
	}
	var list []events.JID
	for st, err := range log.Read(ctx, r) {
		if !yield(st, err) || err != nil && !events.IsPoison(err) {
			return
		}
		if err != nil || !missing[st.Session] {
			continue
		}
		r.After, list = st.Seq, append(list, st.Account().Clone())
		if delete(missing, st.Session); len(missing) == 0 {
			merge(ctx, log, r, distinct(list), yield)
			return
		}
	}
}

// distinct puts accounts in order, each once.
func distinct(list []events.JID) []events.JID {
	slices.SortFunc(list, events.JID.Compare)
	return slices.Compact(list)
}

// A source is what one account's records have next.
type source struct {
	seq  events.Seq
	st   *events.Stored
	err  error
	next func() (*events.Stored, error, bool)
}

// merge reads many accounts in the order of the log, up to one end: each read has its own,
// and one that began later would go further.
func merge(ctx context.Context, log events.Log, r events.Range, list []events.JID, yield func(*events.Stored, error) bool) {
	info, err := log.Info(ctx)
	if err != nil {
		yield(nil, err)
		return
	}
	if r.To == 0 || r.To > info.Last {
		r.To = info.Last
	}
	if r.To <= r.After {
		return
	}
	var open []*source
	for _, r.Account = range list {
		s := &source{}
		var stop func()
		s.next, stop = iter.Pull2(log.Read(ctx, r))
		defer stop()
		if s.step() {
			open = append(open, s)
		}
	}
	for len(open) > 0 {
		first := slices.MinFunc(open, func(a, b *source) int { return cmp.Compare(a.seq, b.seq) })
		if !yield(first.st, first.err) || first.err != nil && !events.IsPoison(first.err) {
			return
		}
		if !first.step() {
			open = slices.DeleteFunc(open, func(s *source) bool { return s == first })
		}
	}
}

// step takes the next record; false at the end. An error that is no record's comes first.
func (s *source) step() (ok bool) {
	if s.st, s.err, ok = s.next(); !ok {
		return false
	}
	s.seq = 0
	if poison, is := errors.AsType[*events.PoisonError](s.err); is {
		s.seq = poison.Seq
	} else if s.err == nil {
		s.seq = s.st.Seq
	}
	return true
}

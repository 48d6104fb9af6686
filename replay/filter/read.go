package filter

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"slices"
	"time"

	"rollcall/events"
)

// maxSubjects is how many accounts are read each by its own records; to read those of
// more, all records of the log are looked at.
const maxSubjects = 16

// clockError is how much earlier by the log's clock than by that of its connector a
// session may have begun.
const clockError = time.Hour

// Accounts are those that alone are meant, none if all may be.
func (f *Filter) Accounts() []events.JID { return accounts(f.terms) }

func accounts[S any](terms []term[S]) (list []events.JID) {
	if t := only(terms, "account"); t != nil {
		for _, v := range t.values {
			list = append(list, v.jid)
		}
	}
	slices.SortFunc(list, events.JID.Compare)
	return slices.Compact(list)
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
// that a filter names, and to what was stored since an hour before its session began. The
// beginning is in the session's id, by the clock of a connector; the hour is for clocks
// that disagree.
func (f *Filter) Narrow(r events.Range) events.Range {
	if list := f.Accounts(); len(list) == 1 && r.Account.IsZero() {
		r.Account = list[0]
	}
	t := only(f.terms, "session")
	if t == nil {
		return r
	}
	first := t.values[0].id.Began()
	for _, v := range t.values {
		if at := v.id.Began(); at.Before(first) {
			first = at
		}
	}
	if first = first.Add(-clockError); first.After(r.Since) {
		r.Since = first
	}
	return r
}

// Read gives the records of a range that may be meant, in their order; the caller asks
// Event of each. Where the filter names up to 16 accounts it reads no others. Errors are
// as in [events.Log]; of records that can't be decoded those of the accounts that are
// read.
func (f *Filter) Read(ctx context.Context, log events.Log, r events.Range) iter.Seq2[*events.Stored, error] {
	list := f.Accounts()
	r = f.Narrow(r)
	if !r.Account.IsZero() || len(list) == 0 || len(list) > maxSubjects {
		return log.Read(ctx, r)
	}
	return func(yield func(*events.Stored, error) bool) { merge(ctx, log, r, list, yield) }
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

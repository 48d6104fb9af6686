package api

import (
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
)

// recordTold puts a question on record. One that names no account, as one for a session's
// id, is about the account whose rows are all that was found.
func (h *History) recordTold(q *question, told iter.Seq[events.JID], rows int) error {
	put := *q
	if put.about.IsZero() {
		put.about = theOne(told)
	}
	return h.record(&put, &rows)
}

// theOne is the account that is there alone; zero if there are others, or none.
func theOne(accounts iter.Seq[events.JID]) (one events.JID) {
	for account := range accounts {
		if account.IsZero() || !one.IsZero() && account != one {
			return events.JID{}
		}
		one = account
	}
	return one
}

// accountsOf are those of records, zero for one that is of none.
func accountsOf(records []*events.Stored) iter.Seq[events.JID] {
	return func(yield func(events.JID) bool) {
		for _, st := range records {
			var account events.JID
			if st != nil && st.JID.Local() != "" {
				account = st.Account()
			}
			if !yield(account) {
				return
			}
		}
	}
}

package tally

import (
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Kinds gives the number of records of each kind that was counted.
func (t *Tally) Kinds() iter.Seq2[events.Kind, uint64] {
	return func(yield func(events.Kind, uint64) bool) {
		for i := range t.kinds {
			if n := t.kinds[i].Load(); n > 0 && !yield(events.Kind(i), n) {
				return
			}
		}
	}
}

// Count is the number of records of a kind.
func (t *Tally) Count(k events.Kind) uint64 { return t.kinds[k].Load() }

// A Login is a way to log in.
type Login struct{ Mechanism, TLS string } // of fixed sets, with "none" and "other"

// Logins gives the number of logins of each way that was used.
func (t *Tally) Logins() iter.Seq2[Login, uint64] {
	return func(yield func(Login, uint64) bool) {
		for i := range t.logins {
			way := Login{mechanisms[i/len(versions)], versions[i%len(versions)]}
			if n := t.logins[i].Load(); n > 0 && !yield(way, n) {
				return
			}
		}
	}
}

// Ends gives the number of sessions that ended for each reason, those that none
// has included.
func (t *Tally) Ends() iter.Seq2[events.Reason, uint64] {
	return func(yield func(events.Reason, uint64) bool) {
		for i := range t.ends {
			if !yield(reasons[i], t.ends[i].Load()) {
				return
			}
		}
	}
}

// Outcomes gives the number of detached sessions whose wait ended in each way.
func (t *Tally) Outcomes() iter.Seq2[Outcome, uint64] {
	return func(yield func(Outcome, uint64) bool) {
		for o := range outcomes {
			if !yield(o, t.waits[o].Load()) {
				return
			}
		}
	}
}

package query

import (
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A Holding is what a connector's sessions add up to.
type Holding struct {
	Name      string `json:"name"`
	Epoch     uint64 `json:"epoch"`
	Sessions  int    `json:"sessions"`
	Available int    `json:"available"`
	Detached  int    `json:"detached"`
}

// A Summary sums a table up at one sequence, and the records that it was folded from.
type Summary struct {
	Stream     string `json:"stream"`
	Seq        uint64 `json:"seq"`
	Hash       string `json:"hash"`
	Young      string `json:"young"`    // the hash without the sessions that are older than was asked for
	Older      int    `json:"older"`    // how many those are
	Accounts   int    `json:"accounts"` // that have sessions
	Sessions   int    `json:"sessions"`
	Records    uint64 `json:"records"`    // folded
	Poison     uint64 `json:"poison"`     // undecodable, passed over
	Unknown    uint64 `json:"unknown"`    // of a kind that this build does not know
	Mismatched uint64 `json:"mismatched"` // not appended on top of their account's last one
	Foreign    uint64 `json:"foreign"`    // of them, those by a writer that did not look: nothing is lost
}

// Sessions gives all sessions of a table at one instant, as Each does.
func Sessions(table *projector.Table) iter.Seq[Session] {
	all := Each(table)
	return func(yield func(Session) bool) {
		for s, lost := range all {
			if !yield(Of(s, lost)) {
				return
			}
		}
	}
}

// Each gives all sessions of a table at one instant, and whether each is lost. They are
// immutable, so the table is left alone while they are taken.
func Each(table *projector.Table) iter.Seq2[*session.Session, bool] {
	all := make([]*session.Session, 0, table.Sessions())
	table.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
		for a := range accounts {
			all = append(all, a.Sessions()...)
		}
	})
	return func(yield func(*session.Session, bool) bool) {
		var holder events.Incarnation // of the session before, which most sessions share
		lost := table.IsLost(holder)
		for _, s := range all {
			if c := s.Connector(); c != holder {
				holder, lost = c, table.IsLost(c)
			}
			if !yield(s, lost) {
				return
			}
		}
	}
}

// Holdings gives what each connector holds, by name and epoch.
func Holdings(table *projector.Table) iter.Seq[Holding] {
	return func(yield func(Holding) bool) {
		for _, c := range table.Connectors() {
			if !yield(Holding{c.Name, c.Epoch, c.Sessions, c.Available, c.Detached}) {
				return
			}
		}
	}
}

// Summarize sums a table up, and apart from the rest the sessions that began at or
// after an instant, in Unix nanoseconds. The counts may be of a moment later than
// the hashes.
func Summarize(table *projector.Table, since int64) Summary {
	h := table.HashSince(since)
	stats := table.Stats()
	return Summary{
		Stream: h.At.Stream, Seq: uint64(h.At.Seq), Hash: h.All.String(), Young: h.Young.String(), Older: h.Older,
		Accounts: stats.Accounts, Sessions: stats.Sessions,
		Records: stats.Records, Poison: stats.Poison, Unknown: stats.Unknown, Mismatched: stats.Mismatched, Foreign: stats.Foreign,
	}
}

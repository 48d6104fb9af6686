package ask

import (
	"context"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

// PresentOf is what is true now in a process that has the table.
func PresentOf(t *projector.Table) Present { return present{t} }

type present struct{ table *projector.Table }

func (p present) Position() events.Seq { return p.table.Position().Seq }

func (p present) Sessions(context.Context) ([]query.Session, error) {
	return slices.Collect(query.Sessions(p.table)), nil
}

func (p present) SessionsOf(_ context.Context, accounts []events.JID) ([]query.Session, error) {
	return sessionsOf(p.table, accounts), nil
}

func (p present) Account(_ context.Context, account events.JID) (*session.Account, error) {
	return p.table.Account(account), nil
}

func (p present) Holdings(context.Context) ([]query.Holding, error) {
	return slices.Collect(query.Holdings(p.table)), nil
}

// sessionsOf are those of some accounts in a table.
func sessionsOf(t *projector.Table, accounts []events.JID) (list []query.Session) {
	for _, jid := range accounts {
		if a := t.Account(jid); a != nil {
			for _, s := range a.Sessions() {
				list = append(list, query.Of(s, t.IsLost(s.Connector())))
			}
		}
	}
	return list
}

// A Sum is what a table adds up to at a moment. It names nobody.
type Sum struct {
	Known
	Hash      string          `json:"hash"`
	Accounts  int             `json:"accounts"` // that have sessions
	Sessions  int             `json:"sessions"`
	Available int             `json:"available"`
	Detached  int             `json:"detached"`
	Holders   []query.Holding `json:"connectors"` // that hold sessions, by name and epoch
}

// SumOf sums up a table. While it is folded on, the counts may be of a later moment than
// the hash and At. Tables of two processes that have the same hash at one place are the
// same.
func SumOf(t *projector.Table, whole bool) Sum {
	h, stats := t.HashSince(0), t.Stats()
	s := Sum{
		Known: Known{h.At.Seq, whole}, Hash: h.All.String(), Accounts: stats.Accounts, Sessions: stats.Sessions,
		Holders: slices.AppendSeq([]query.Holding{}, query.Holdings(t)),
	}
	for _, c := range s.Holders {
		s.Available += c.Available
		s.Detached += c.Detached
	}
	return s
}

// SumAt sums up the table of a moment of the past.
func (s *Source) SumAt(ctx context.Context, m replay.Moment) (Sum, error) {
	past, err := replay.At(ctx, s.Archive, m)
	if err != nil {
		return Sum{}, err
	}
	return SumOf(past.Table, past.Whole), nil
}

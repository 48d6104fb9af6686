package pubsub

import (
	"context"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// Who may read what an account publishes: XEP-0060, 4.5. The node knows its
// rule (package pep), the owner's roster whom it is about.

// readerIn is somebody as the owner's roster knows it.
func readerIn(owners *roster.Roster, jid events.JID) pep.Reader {
	item, _ := owners.Get(jid)
	return pep.Reader{JID: jid.String(), Presence: owners.WatchedBy(jid), Groups: item.Groups}
}

// A view is what an account may see of another's nodes, or of its own.
type view struct {
	srv    *Service
	owner  events.JID
	reader events.JID
	as     pep.Reader
	groups bool // the reader's are known
}

// viewOf is that of a reader with its roster.
func (s *Service) viewOf(reader events.JID, readers *roster.Roster, owner events.JID) *view {
	return &view{
		srv: s, owner: owner, reader: reader,
		as: pep.Reader{JID: reader.String(), Presence: readers.Watches(owner)},
	}
}

// refuses says why the reader may not read a node; nil: it may. The owner's roster
// is read only where its groups count.
func (v *view) refuses(n *pep.Node) error {
	if v.owner == v.reader {
		return nil
	}
	if n.Access == pep.Roster && v.as.Presence && !v.groups {
		owners, err := v.srv.rosterOf(v.owner)
		if err != nil {
			return err
		}
		v.as, v.groups = readerIn(owners, v.reader), true
	}
	return n.Admit(v.as)
}

// rosterOf is an account's roster, of which nothing need be known here.
func (s *Service) rosterOf(account events.JID) (*roster.Roster, error) {
	if r := s.cfg.Rosters.Known(account); r.Version() != 0 {
		return r, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	return s.cfg.Rosters.Read(ctx, account)
}

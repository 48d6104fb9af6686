package c2s

import (
	"context"

	"rollcall/events"
	"rollcall/session/pep"
	"rollcall/session/roster"
)

// Who may read what an account publishes: XEP-0060, 4.5. The node knows its
// rule (package pep), the owner's roster whom it is about.

// readerIn is somebody as the owner's roster knows it.
func readerIn(owners *roster.Roster, jid events.JID) pep.Reader {
	item, _ := owners.Get(jid)
	return pep.Reader{JID: jid.String(), Presence: owners.WatchedBy(jid), Groups: item.Groups}
}

// A view is what a client may see of an account's nodes.
type view struct {
	cl     *client
	owner  events.JID
	reader pep.Reader
	groups bool // the reader's are known
}

func (cl *client) viewOf(owner events.JID) *view {
	r := pep.Reader{JID: cl.account.String(), Presence: cl.home.current().Watches(owner)}
	return &view{cl: cl, owner: owner, reader: r}
}

// refuses says why the client may not read a node; nil: it may. The owner's
// roster is read only where its groups count.
func (v *view) refuses(n *pep.Node) error {
	if v.owner == v.cl.account {
		return nil
	}
	if n.Access == pep.Roster && v.reader.Presence && !v.groups {
		r, err := v.cl.srv.rosterOf(v.owner)
		if err != nil {
			return err
		}
		v.reader, v.groups = readerIn(r, v.cl.account), true
	}
	return n.Admit(v.reader)
}

// rosterOf is an account's roster, of which nothing need be here.
func (s *Server) rosterOf(jid events.JID) (*roster.Roster, error) {
	if a := s.hub.account(jid); a != nil {
		if r := a.current(); r.Version() != 0 {
			return r, nil
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	return s.readRoster(ctx, jid)
}

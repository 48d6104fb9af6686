package c2s

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/commands"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Service discovery (XEP-0030) of the server and of accounts, and entity
// capabilities (XEP-0115) of the server. Both say what the table of extensions
// says. A client's own capabilities pass through in its presence.

const (
	// capsNode names the software that the verification string is of.
	capsNode = "urn:rollcall"

	serverIdentity  = "<identity category='server' type='im' name='Rollcall'/>"
	accountIdentity = "<identity category='account' type='registered'/>"
)

var discovery = extension{
	features: []string{stanza.NSDiscoInfo, stanza.NSDiscoItems, stanza.NSCaps},
	personal: []string{stanza.NSDiscoInfo, stanza.NSDiscoItems},
	identity: accountIdentity,
	requests: []answer{
		{space: stanza.NSDiscoInfo, local: "query", at: atServer | atOwn | atOthers, get: discoInfo},
		{space: stanza.NSDiscoItems, local: "query", at: atServer | atOwn | atOthers, get: discoItems},
	},
}

// discoInfo is XEP-0030, 3.
func discoInfo(cl *client, r *request) error {
	o, node := cl.srv.offer, r.payload.Attr("node")
	identity, features := serverIdentity, o.features
	if r.to.Local() != "" {
		if !cl.resource.Watches(r.to) {
			return refuse(stanza.ServiceUnavailable)
		}
		if node != "" {
			return discoNode(cl, r, cl.srv.pubsub.NodeInfo)
		}
		identity, features = o.identity, o.personal
	}
	if r.to.Local() == "" && cl.srv.commands != nil && node != "" && node != capsNode+"#"+o.caps {
		return commandInfo(cl, r, node)
	}
	if node != "" && node != capsNode+"#"+o.caps {
		return refuse(stanza.ItemNotFound)
	}
	b := append(appendDisco(nil, r), identity...)
	for _, f := range features {
		b = append(stanza.AppendAttr(append(b, "<feature"...), "var", f), "/>"...)
	}
	cl.result(r.iq, string(append(b, "</query>"...)))
	return nil
}

// discoItems is XEP-0030, 4: the server has none, an account its nodes. To a
// client that may not see an account it is as one that does not exist: both have
// nothing (8).
func discoItems(cl *client, r *request) error {
	hidden := r.to.Local() != "" && !cl.resource.Watches(r.to)
	if r.to.Local() == "" && cl.srv.commands != nil && r.payload.Attr("node") == commands.NS {
		return commandItems(cl, r)
	}
	if !hidden && r.payload.Attr("node") != "" {
		return discoNode(cl, r, cl.srv.pubsub.NodeItems)
	}
	b := appendDisco(nil, r)
	if !hidden && r.to.Local() != "" && cl.srv.cfg.Private != nil {
		items, err := cl.srv.pubsub.Nodes(cl.account, r.to)
		if err != nil {
			return err
		}
		b = append(b, items...)
	}
	cl.result(r.iq, string(append(b, "</query>"...)))
	return nil
}

// discoNode answers about a node of an account, as tell tells of it. The server has
// no nodes.
func discoNode(cl *client, r *request, tell func(reader, owner events.JID, name string) ([]byte, error)) error {
	if r.to.Local() == "" || cl.srv.cfg.Private == nil {
		return refuse(stanza.ItemNotFound)
	}
	b, err := tell(cl.account, r.to, r.payload.Attr("node"))
	if err != nil {
		return err
	}
	cl.result(r.iq, string(append(append(appendDisco(nil, r), b...), "</query>"...)))
	return nil
}

// appendDisco begins an answer, which repeats the node that was asked for.
func appendDisco(b []byte, r *request) []byte {
	b = append(b, "<query xmlns='"+r.payload.Space()+"'"...)
	if node := r.payload.Attr("node"); node != "" {
		b = stanza.AppendAttr(b, "node", node)
	}
	return append(b, '>')
}

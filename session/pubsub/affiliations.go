package pubsub

import (
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Affiliations: XEP-0060, 5.7 and 8.9. An owner names members, who may read a
// node whatever its access model says, and outcasts, who may not. There are no
// other publishers or owners.

var affiliationNames = [...]string{pep.None: "none", pep.Member: "member", pep.Outcast: "outcast"}

// ownAffiliations tells a client what its account is to the nodes of another,
// or to its own.
func (r *request) ownAffiliations(el *stanza.Element) error {
	s, err := r.srv.stored(r.Owner)
	if err != nil {
		return err
	}
	b := []byte("<pubsub xmlns='" + NS + "'><affiliations>")
	for n := range s.Nodes(pep.Event) {
		name := affiliationNames[n.Affiliation(r.account.String())]
		if r.owns() {
			name = "owner"
		}
		if only := el.Attr("node"); name != "none" && (only == "" || only == n.Name) {
			b = appendAffiliation(b, "node", n.Name, name)
		}
	}
	r.Answer(string(append(b, "</affiliations></pubsub>"...)))
	return nil
}

// affiliations lists a node's for its owner.
func (r *request) affiliations(el *stanza.Element) error {
	n, err := r.readable(el)
	if err != nil {
		return err
	}
	b := stanza.AppendAttr([]byte("<pubsub xmlns='"+NSOwner+"'><affiliations"), "node", n.Name)
	b = appendAffiliation(append(b, '>'), "jid", r.account.String(), "owner")
	for _, a := range n.Affiliates {
		b = appendAffiliation(b, "jid", a.JID, affiliationNames[a.Affiliation])
	}
	r.Answer(string(append(b, "</affiliations></pubsub>"...)))
	return nil
}

// appendAffiliation writes one, of a node for its owner's list (jid) or of nodes for
// somebody's own (node).
func appendAffiliation(b []byte, of, value, affiliation string) []byte {
	b = stanza.AppendAttr(append(b, "<affiliation"...), of, value)
	return append(stanza.AppendAttr(b, "affiliation", affiliation), "/>"...)
}

// affiliate changes them, all that are named or none.
func (r *request) affiliate(el *stanza.Element) error {
	var changes []pep.Affiliate
	for c := range el.Children() {
		jid, err := events.ParseJID(c.Attr("jid"))
		if err != nil {
			return err
		}
		a, err := parseAffiliation(c.Attr("affiliation"), jid.Bare() == r.account)
		if err != nil {
			return err
		}
		if jid.Bare() != r.account {
			changes = append(changes, pep.Affiliate{JID: jid.Bare().Clone().String(), Affiliation: a})
		}
	}
	_, err := r.change(func(s *pep.Store) (*pep.Store, error) { return s.Affiliate(eventKey(el), changes) })
	if err != nil {
		return err
	}
	return r.done()
}

// parseAffiliation reads what somebody is to be. The account is the owner of all
// its nodes, and nobody else is of any.
func parseAffiliation(name string, own bool) (pep.Affiliation, error) {
	if own != (name == "owner") {
		return 0, &stanza.Error{Condition: stanza.NotAcceptable, Text: "a node has one owner, whose account it is in"}
	}
	if name == "publisher" || name == "publish-only" {
		return 0, withoutFeature(name + "-affiliation")
	}
	i := slices.Index(affiliationNames[:], name)
	if i < 0 && !own {
		return 0, refuse(stanza.BadRequest)
	}
	return pep.Affiliation(max(i, 0)), nil
}

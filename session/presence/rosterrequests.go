package presence

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// What clients ask of their rosters: RFC 6121, 2.

// ShowRoster answers a query for the roster (RFC 6121, 2.1.3), which may name the
// version that the client has (2.6). The log has it that the session is an interested
// resource: from the answer on its client gets the pushes (2.2).
func (res *Resource) ShowRoster(query *stanza.Element, answer func(payload string)) {
	// Pushes wait for mu: no change that the result has goes out after it, and
	// none that it lacks is missed.
	a := res.home
	a.mu.Lock()
	defer a.mu.Unlock()
	var payload []byte
	if known := query.Attr("ver"); known == "" || known != version(a.roster) {
		payload = appendRoster(nil, a.roster)
	}
	answer(string(payload))
	res.interested = true
}

// SetRoster adds, changes or removes one item (RFC 6121, 2.3 to 2.5). It answers once
// it is stored, before the pushes go out, or returns why not: a *stanza.Error, or
// one of package roster, or of a store.
func (res *Resource) SetRoster(query *stanza.Element, answer func()) error {
	item, name, groups, err := parseItem(query)
	if err != nil {
		return err
	}
	if query.First().Attr("subscription") == "remove" {
		return res.removeItem(item, answer)
	}
	same := false
	_, err = res.srv.changeRoster(res.home.jid, func(r *roster.Roster) (roster.Change, error) {
		c, err := r.Set(item, name, groups)
		same = c.Roster == r
		return c, err
	}, answer)
	if err == nil && same {
		res.home.repeatPush(res, item)
	}
	return err
}

// parseItem reads the one item of a set (2.3.3). Contacts are accounts here, so of
// a full JID the bare one is kept.
func parseItem(query *stanza.Element) (jid events.JID, name string, groups []string, err error) {
	bad := func(text string) error { return &stanza.Error{Condition: stanza.BadRequest, Text: text} }
	item := query.First()
	only := item.Is(stanza.NSRoster, "item")
	for c := range query.Children() {
		only = only && c == item
	}
	if !only {
		return jid, "", nil, bad("a roster set has exactly one item")
	}
	jid, err = events.ParseJID(item.Attr("jid"))
	if err != nil {
		return jid, "", nil, bad("the item's jid is not a JID")
	}
	for g := range item.Children() {
		if g.Is(stanza.NSRoster, "group") { // anything else has no meaning here
			groups = append(groups, g.Text())
		}
	}
	return jid.Bare(), item.Attr("name"), groups, nil
}

// appendRoster writes a whole roster, as a result has it (2.1.4).
func appendRoster(b []byte, r *roster.Roster) []byte {
	b = append(b, "<query xmlns='"+stanza.NSRoster+"'"...)
	b = append(stanza.AppendAttr(b, "ver", version(r)), '>')
	for item := range r.Items() {
		b = appendItem(b, item)
	}
	return append(b, "</query>"...)
}

package c2s

import (
	"rollcall/events"
	"rollcall/session"
	"rollcall/session/roster"
	"rollcall/session/stanza"
)

// What clients ask of their rosters: RFC 6121, 2.

var rosters = extension{
	features: []string{stanza.NSRoster},
	stream:   "<ver xmlns='" + stanza.NSRosterVer + "'/><sub xmlns='" + stanza.NSPreApproval + "'/>",
	requests: []answer{{space: stanza.NSRoster, local: "query", at: atOwn, get: getRoster, set: setRoster}},
}

// getRoster makes the client an interested resource: the event is stored, then
// the result goes out, and from there on the pushes (RFC 6121, 2.2).
func getRoster(cl *client, r *request) error {
	query := r.payload
	if query.First() != nil {
		return refuse(stanza.BadRequest)
	}
	if _, err := cl.do(session.RequestRoster{Session: cl.session}); err != nil {
		return err
	}
	// Pushes wait for mu: none of what the result has goes out after it, and none
	// of what it has not is missed.
	a := cl.home
	a.mu.Lock()
	defer a.mu.Unlock()
	var payload []byte
	if known := query.Attr("ver"); known == "" || known != version(a.roster) {
		payload = appendRoster(nil, a.roster)
	}
	cl.result(r.iq, string(payload))
	cl.interested = true
	return nil
}

// setRoster adds, changes or removes one item (RFC 6121, 2.3 to 2.5).
func setRoster(cl *client, r *request) error {
	item, name, groups, err := parseItem(r.payload)
	if err != nil {
		return err
	}
	answer := func() { cl.result(r.iq, "") }
	if r.payload.First().Attr("subscription") == "remove" {
		return removeItem(cl, item, answer)
	}
	same := false
	_, err = cl.srv.changeRoster(cl.account, func(r *roster.Roster) (roster.Change, error) {
		c, err := r.Set(item, name, groups)
		same = c.Roster == r
		return c, err
	}, answer)
	if err == nil && same {
		cl.home.repeatPush(cl, item)
	}
	return err
}

// parseItem reads the one item of a set (2.3.3). Contacts are accounts here, so of
// a full JID the bare one is kept.
func parseItem(query *stanza.Element) (jid events.JID, name string, groups []string, err error) {
	bad := func(text string) error { return &stanza.Error{Condition: stanza.BadRequest, Text: text} }
	item := query.First()
	if children(query) != 1 || !item.Is(stanza.NSRoster, "item") {
		return jid, "", nil, bad("a roster set has exactly one item")
	}
	jid, err = events.ParseJID(item.Attr("jid"))
	if err != nil {
		return jid, "", nil, bad("the item's jid is not a JID")
	}
	for g := range item.Children() {
		if g.Is(stanza.NSRoster, "group") { // what else there is has no meaning here
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

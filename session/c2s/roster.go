package c2s

import (
	"context"
	"errors"
	"strconv"

	"rollcall/events"
	"rollcall/session"
	"rollcall/session/roster"
	"rollcall/session/stanza"
)

// Rosters: RFC 6121, 2. A roster is a document that any connector may change
// by compare-and-set; its revision is the roster version (2.6). Here it is read
// and changed; what clients are shown of a change is in rosterpush.go.

// rosterGet makes the client an interested resource: the event is stored, then
// the result goes out, and from there on the pushes (RFC 6121, 2.2).
func (cl *client) rosterGet(r *request) error {
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

// version is a roster's version; that of one which was never stored is empty.
func version(r *roster.Roster) string {
	if r.Version() == 0 {
		return ""
	}
	return strconv.FormatUint(r.Version(), 10)
}

// rosterSet adds, changes or removes one item (RFC 6121, 2.3 to 2.5).
func (cl *client) rosterSet(r *request) error {
	item, name, groups, err := parseItem(r.payload)
	if err != nil {
		return err
	}
	answer := func() { cl.result(r.iq, "") }
	if r.payload.First().Attr("subscription") == "remove" {
		return cl.removeItem(item, answer)
	}
	same := false
	_, err = cl.srv.changeRoster(cl.account, func(r *roster.Roster) (roster.Change, error) {
		c, err := r.Set(item, name, groups)
		same = c.Roster == r
		return c, err
	}, answer)
	if err == nil && same {
		cl.repeatPush(item)
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

// changeRoster changes an account's roster, wherever its sessions are. When the
// change is stored, or there is nothing to store, it calls answer, which may be
// nil, and only then the pushes go out: the result comes before the push, and
// so does a subscription stanza (RFC 6121, 2.1.6 and 3.1.6).
func (s *Server) changeRoster(jid events.JID, change func(*roster.Roster) (roster.Change, error), answer func()) (c roster.Change, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	a := s.hub.account(jid)
	if a == nil {
		a = newAccount(jid) // nobody of it is here: only the document changes
	}
	if err := a.setting.take(ctx); err != nil {
		return c, err
	}
	defer a.setting.release()
	base := a.begin()
	defer func() {
		if err != nil {
			answer = nil
		}
		a.finish(s, answer)
	}()
	// What is known here saves reading the document, and may be behind it: then
	// the compare-and-set fails, and it is read.
	for fresh := base.Version() == 0; ; fresh = true {
		if fresh {
			if base, err = s.readRoster(ctx, jid); err != nil {
				return c, err
			}
		}
		c, err = change(base)
		if !fresh && (err != nil || c.Roster == base) {
			continue // no compare-and-set would find out that what is known here is old
		}
		if err == nil {
			err = a.put(ctx, s, base, c.Roster)
		}
		if !errors.Is(err, events.ErrConflict) {
			return c, err
		}
	}
}

// readRoster reads a roster as it is now.
func (s *Server) readRoster(ctx context.Context, jid events.JID) (*roster.Roster, error) {
	doc, err := s.cfg.Rosters.Get(ctx, jid)
	if err != nil && !errors.Is(err, events.ErrNotFound) {
		return nil, err
	}
	return decodeRoster(doc)
}

// decodeRoster reads a document. An account without one has an empty roster of
// version 0, which is stored by a Put that expects none.
func decodeRoster(doc events.Document) (*roster.Roster, error) {
	if doc.Deleted || len(doc.Data) == 0 {
		return (*roster.Roster)(nil).WithVersion(doc.Revision), nil
	}
	return roster.Decode(doc.Revision, doc.Data)
}

// put stores a roster that comes of base, if it is another. One that was never
// stored and is still empty needs no document.
func (a *account) put(ctx context.Context, s *Server, base, next *roster.Roster) error {
	if next == base || base.Version() == 0 && next.Len() == 0 && !hasRequests(next) {
		a.store(base) // which may be newer than what is known here, and is answered by
		return nil
	}
	revision, err := s.cfg.Rosters.Put(ctx, a.jid, next.Encode(), base.Version())
	if err != nil {
		return err
	}
	a.store(next.WithVersion(revision))
	return nil
}

// hasRequests reports that somebody waits for the user's answer (RFC 6121, 3.1.3).
func hasRequests(r *roster.Roster) bool {
	for range r.Requests() {
		return true
	}
	return false
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

// appendItem writes an item as in a result or a push (2.1.2). Ask and approved are
// left out where they say no.
func appendItem(b []byte, item roster.Item) []byte {
	b = stanza.AppendAttr(append(b, "<item"...), "jid", item.JID.String())
	if item.Name != "" {
		b = stanza.AppendAttr(b, "name", item.Name)
	}
	b = stanza.AppendAttr(b, "subscription", item.Subscription.String())
	if item.Ask {
		b = append(b, " ask='subscribe'"...)
	}
	if item.Approved {
		b = append(b, " approved='true'"...)
	}
	if len(item.Groups) == 0 {
		return append(b, "/>"...)
	}
	b = append(b, '>')
	for _, g := range item.Groups {
		b = append(stanza.AppendText(append(b, "<group>"...), g), "</group>"...)
	}
	return append(b, "</item>"...)
}

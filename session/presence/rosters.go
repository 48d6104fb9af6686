package presence

import (
	"context"
	"errors"
	"strconv"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Rosters: RFC 6121, 2. A roster is a document that any connector may change
// by compare-and-set; its revision is the roster version (2.6). Here it is read
// and changed; what clients are shown of a change is in push.go.

// version is a roster's version; that of one that was never stored is empty.
func version(r *roster.Roster) string {
	if r.Version() == 0 {
		return ""
	}
	return strconv.FormatUint(r.Version(), 10)
}

// changeRoster changes an account's roster, wherever its sessions are. When the
// change is stored, or there is nothing to store, it calls answer, which may be
// nil, and only then do the pushes go out: the result comes before the push,
// and so does a subscription stanza (RFC 6121, 2.1.6 and 3.1.6).
func (s *Service) changeRoster(jid events.JID, change func(*roster.Roster) (roster.Change, error), answer func()) (c roster.Change, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	a := s.index.account(jid)
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
	// The roster as known here saves reading the document, and may be behind
	// it: then the compare-and-set fails, and it is read.
	for fresh := base.Version() == 0; ; fresh = true {
		if fresh {
			if base, err = s.Read(ctx, jid); err != nil {
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

// Read reads an account's roster as it is now, from its document.
func (s *Service) Read(ctx context.Context, jid events.JID) (*roster.Roster, error) {
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
func (a *account) put(ctx context.Context, s *Service, base, next *roster.Roster) error {
	if next == base || base.Version() == 0 && next.Len() == 0 && !hasRequests(next) {
		a.store(base) // which may be newer than the roster known here, and is answered by
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

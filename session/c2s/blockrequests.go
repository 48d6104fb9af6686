package c2s

import (
	"context"
	"maps"

	"rollcall/events"
	"rollcall/session/stanza"
)

// What clients ask of their block lists: XEP-0191, 3.

var blocking = extension{
	features: []string{stanza.NSBlocking},
	on:       func(c *Config) bool { return c.Blocked != nil },
	requests: []answer{
		{space: stanza.NSBlocking, local: "blocklist", at: atOwn, get: getBlockList},
		{space: stanza.NSBlocking, local: "block", at: atOwn, set: block},
		{space: stanza.NSBlocking, local: "unblock", at: atOwn, set: unblock},
	},
}

// getBlockList is XEP-0191, 3.2. From there on the client gets pushes.
func getBlockList(cl *client, r *request) error {
	cl.srv.tail.Lock()
	defer cl.srv.tail.Unlock()
	cl.seesBlocked = true
	cl.result(r.iq, string(appendBlocked(nil, "blocklist", cl.srv.blocks.of(cl.account).sorted())))
	return nil
}

// block is XEP-0191, 3.3.
func block(cl *client, r *request) error {
	jids, err := blockItems(r.payload)
	if err == nil && len(jids) == 0 {
		err = refuse(stanza.BadRequest)
	}
	if err != nil {
		return err
	}
	return changeBlocked(cl, r, func(list map[events.JID]struct{}) {
		for _, j := range jids {
			list[j] = struct{}{}
		}
	})
}

// unblock is XEP-0191, 3.4 and 3.5: no item stands for all.
func unblock(cl *client, r *request) error {
	jids, err := blockItems(r.payload)
	if err != nil {
		return err
	}
	return changeBlocked(cl, r, func(list map[events.JID]struct{}) {
		for _, j := range jids {
			delete(list, j)
		}
		if len(jids) == 0 {
			clear(list)
		}
	})
}

// blockItems reads whom a request names. What is no item has no meaning here.
func blockItems(payload *stanza.Element) (jids []events.JID, err error) {
	for item := range payload.Children() {
		if !item.Is(stanza.NSBlocking, "item") {
			continue
		}
		j, err := events.ParseJID(item.Attr("jid"))
		if err != nil {
			return nil, err
		}
		jids = append(jids, j.Clone())
	}
	return jids, nil
}

// changeBlocked stores the changed list, answers, and shows what follows from
// it here; other connectors learn of it from the document.
func changeBlocked(cl *client, r *request, change func(map[events.JID]struct{})) error {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	if err := cl.home.listing.take(ctx); err != nil {
		return err
	}
	defer cl.home.listing.release()
	cl.srv.beginBlocking(cl.home)
	list, err := storeBlocked(cl, ctx, change)
	cl.srv.finishBlocking(cl.home, list, func() { cl.result(r.iq, "") })
	return err
}

// storeBlocked returns the changed list when it is stored, or the one that is
// there if it is no other.
func storeBlocked(cl *client, ctx context.Context, change func(map[events.JID]struct{})) (*blockList, error) {
	var list *blockList
	doc, err := events.Update(ctx, cl.srv.cfg.Blocked, cl.account, func(doc events.Document) ([]byte, error) {
		old, err := decodeBlockList(doc)
		if err != nil {
			return nil, err
		}
		list = &blockList{jids: maps.Clone(old.jids)}
		if change(list.jids); maps.Equal(old.jids, list.jids) {
			return doc.Data, nil
		}
		data := list.encode()
		if len(list.jids) > maxBlocked || len(data) > events.MaxDocument {
			return nil, &stanza.Error{Condition: stanza.ResourceConstraint, Text: "the block list is full"}
		}
		return data, nil
	})
	if err != nil {
		return nil, err
	}
	list.revision = doc.Revision
	return list, nil
}

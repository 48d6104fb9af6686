package presence

import (
	"context"
	"maps"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// What clients ask of their block lists: XEP-0191, 3.

// ShowBlockList is XEP-0191, 3.2. From the answer on the client gets pushes.
func (res *Resource) ShowBlockList(answer func(payload string)) {
	res.srv.tail.Lock()
	defer res.srv.tail.Unlock()
	res.seesBlocked = true
	answer(string(appendBlocked(nil, "blocklist", res.srv.blocks.of(res.home.jid).sorted())))
}

// Block is XEP-0191, 3.3. It answers once the change decides about stanzas that are
// sent, before the pushes go out, or returns why not: a *stanza.Error, or one of a
// store.
func (res *Resource) Block(payload *stanza.Element, answer func()) error {
	jids, err := blockItems(payload)
	if err == nil && len(jids) == 0 {
		err = refuse(stanza.BadRequest)
	}
	if err != nil {
		return err
	}
	return res.changeBlocked(answer, func(list map[events.JID]struct{}) {
		for _, j := range jids {
			list[j] = struct{}{}
		}
	})
}

// Unblock is XEP-0191, 3.4 and 3.5: no item stands for all. It answers as Block does.
func (res *Resource) Unblock(payload *stanza.Element, answer func()) error {
	jids, err := blockItems(payload)
	if err != nil {
		return err
	}
	return res.changeBlocked(answer, func(list map[events.JID]struct{}) {
		for _, j := range jids {
			delete(list, j)
		}
		if len(jids) == 0 {
			clear(list)
		}
	})
}

// blockItems reads whom a request names. An element that is no item has no
// meaning here.
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
func (res *Resource) changeBlocked(answer func(), change func(map[events.JID]struct{})) error {
	ctx, cancel := context.WithTimeout(context.Background(), storeTime)
	defer cancel()
	if err := res.home.listing.take(ctx); err != nil {
		return err
	}
	defer res.home.listing.release()
	res.srv.beginBlocking(res.home)
	list, err := res.srv.storeBlocked(ctx, res.home.jid, change)
	res.srv.finishBlocking(res.home, list, answer)
	return err
}

// storeBlocked returns the changed list when it is stored, or the one that is
// there if it is the same.
func (s *Service) storeBlocked(ctx context.Context, account events.JID, change func(map[events.JID]struct{})) (*blockList, error) {
	var list *blockList
	doc, err := events.Update(ctx, s.cfg.Blocked, account, func(doc events.Document) ([]byte, error) {
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

package c2s

import (
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// vcard-temp: XEP-0054. Everybody may read a card, whose owner knows that. The
// server answers for the account, whether anybody of it is there or not (3.3).

const nsCard = "vcard-temp"

var cards = extension{
	features: []string{nsCard},
	personal: []string{nsCard},
	on:       storesThings,
	requests: []answer{{space: nsCard, local: "vCard", at: atOwn | atOthers, get: getCard, set: setCard, needs: roles.Store}},
}

var cardKey = pep.Key{Kind: pep.Card}

func getCard(cl *client, r *request) error {
	s, err := cl.srv.storage.read(r.to)
	if err != nil {
		return err
	}
	n := s.Node(cardKey)
	switch {
	case n == nil && r.to == cl.account: // one to be filled in; 3.1 allows an error as well
		cl.result(r.iq, "<vCard xmlns='"+nsCard+"'/>")
		return nil
	case n == nil:
		return refuse(stanza.ItemNotFound)
	}
	cl.result(r.iq, string(n.Items[0].XML))
	return nil
}

// setCard replaces the card. Only the owner may (3.2).
func setCard(cl *client, r *request) error {
	if r.to != cl.account {
		return refuse(stanza.Forbidden)
	}
	err := cl.srv.storage.change(cl.account, cl.mayStore(), func(s *pep.Store) (*pep.Store, error) {
		return s.Publish(cardKey, pep.Item{XML: r.payload.Alone()}, nil)
	})
	if err != nil {
		return err
	}
	return cl.done(r)
}

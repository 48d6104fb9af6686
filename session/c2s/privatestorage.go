package c2s

import (
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Private XML storage: XEP-0049, for clients that keep their bookmarks there
// (XEP-0048). An element is kept under its namespace and name.

const nsPrivate = "jabber:iq:private"

var privateStorage = extension{
	features: []string{nsPrivate},
	on:       storesThings,
	requests: []answer{{space: nsPrivate, local: "query", at: atOwn, get: getPrivate, set: setPrivate, needs: roles.Store}},
}

// privateKey is where an element is kept: a new one takes the place of the old.
func privateKey(el *stanza.Element) pep.Key {
	return pep.Key{Kind: pep.Private, Name: el.Space() + " " + el.Local()}
}

// getPrivate answers with the stored element, or with the one that was asked
// for, which is empty.
func getPrivate(cl *client, r *request) error {
	wanted, err := privateElements(r.payload)
	if err != nil {
		return err
	}
	if len(wanted) > 1 {
		return refuse(stanza.BadRequest)
	}
	s, err := cl.srv.storage.read(cl.account)
	if err != nil {
		return err
	}
	element := wanted[0].Alone()
	if n := s.Node(privateKey(wanted[0])); n != nil {
		element = n.Items[0].XML
	}
	cl.result(r.iq, "<query xmlns='"+nsPrivate+"'>"+string(element)+"</query>")
	return nil
}

// setPrivate stores all elements or none.
func setPrivate(cl *client, r *request) error {
	elements, err := privateElements(r.payload)
	if err != nil {
		return err
	}
	err = cl.srv.storage.change(cl.account, cl.mayStore(), func(s *pep.Store) (*pep.Store, error) {
		for _, el := range elements {
			if s, err = s.Publish(privateKey(el), pep.Item{XML: el.Alone()}, nil); err != nil {
				return nil, err
			}
		}
		return s, nil
	})
	if err != nil {
		return err
	}
	return cl.done(r)
}

// privateElements are those in namespaces of their own, which all must be.
func privateElements(query *stanza.Element) (list []*stanza.Element, err error) {
	for el := range query.Children() {
		if s := el.Space(); s == "" || s == nsPrivate || s == stanza.NSClient {
			return nil, refuse(stanza.NotAcceptable)
		}
		list = append(list, el)
	}
	if len(list) == 0 {
		return nil, refuse(stanza.BadRequest)
	}
	return list, nil
}

package bundle

import (
	"cmp"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// CardKey is where a card is kept (XEP-0054).
var CardKey = pep.Key{Kind: pep.Card}

// TakeCard takes the account's vCard, in place of an earlier one.
func (b *Bundle) TakeCard(el *stanza.Element) {
	b.put("card", func(s *pep.Store) (*pep.Store, error) { return s.Publish(CardKey, pep.Item{XML: el.Alone()}, nil) })
}

// TakePrivate takes an element of private XML storage (XEP-0049), in place of an earlier
// one of its name.
func (b *Bundle) TakePrivate(el *stanza.Element) {
	name := el.Space() + " " + el.Local()
	b.put("private element "+name, func(s *pep.Store) (*pep.Store, error) {
		if el.Space() == "" {
			return nil, errors.New("it has no namespace")
		}
		return s.Publish(pep.Key{Kind: pep.Private, Name: name}, pep.Item{XML: el.Alone()}, nil)
	})
}

// A Node is one of personal eventing as another server has it (XEP-0163).
type Node struct {
	Name        string
	Settings    map[string][]string // fields of its form (XEP-0060, 16.4.4), without "pubsub#"
	Affiliates  []Affiliate
	Subscribers []string
	Items       []Item // oldest first
}

// An Affiliate is what the owner has said of an account, by the name of XEP-0060, 4.1.
type Affiliate struct{ JID, Affiliation string }

// An Item is one that was published.
type Item struct {
	ID      string // may be empty
	Payload *stanza.Element
}

// TakeNode takes a node, with as many of its parts as can be.
func (b *Bundle) TakeNode(n *Node) {
	what, key := "node "+n.Name, pep.Key{Kind: pep.Event, Name: n.Name}
	if n.Name == "" {
		b.Leave("node", errors.New("it has no name"))
		return
	}
	config := b.configOf(n)
	config.MaxItems = min(max(config.MaxItems, len(n.Items)), pep.MaxItems)
	if !b.put(what, func(s *pep.Store) (*pep.Store, error) { return s.Configure(key, config) }) {
		return
	}
	for _, a := range n.Affiliates {
		b.takeAffiliate(what, key, a)
	}
	for _, jid := range n.Subscribers {
		j, err := events.ParseJID(jid)
		b.put(what+": subscriber "+jid, func(s *pep.Store) (*pep.Store, error) {
			if err != nil {
				return nil, err
			}
			return s.Subscribe(key, j.String())
		})
	}
	for i, it := range n.Items {
		id := cmp.Or(it.ID, rand.Text())
		b.put(what+": item "+id, func(s *pep.Store) (*pep.Store, error) {
			switch {
			case it.Payload == nil:
				return nil, errors.New("it is empty")
			case len(n.Items)-i > pep.MaxItems:
				return nil, fmt.Errorf("the node has more than %d newer ones", pep.MaxItems)
			case config.Fleeting:
				return nil, errors.New("the node keeps no items")
			}
			return s.Publish(key, pep.Item{ID: id, XML: it.Payload.Alone()}, nil)
		})
	}
}

// takeAffiliate takes what is said of others; the account owns its nodes anyway.
func (b *Bundle) takeAffiliate(what string, key pep.Key, a Affiliate) {
	j, err := bareJID(a.JID)
	known := map[string]pep.Affiliation{"member": pep.Member, "outcast": pep.Outcast, "none": pep.None}
	affiliation, ok := known[a.Affiliation]
	switch {
	case err == nil && j == b.Account && a.Affiliation == "owner":
		return
	case err == nil && !ok:
		err = fmt.Errorf("nobody can be %.40q here", a.Affiliation)
	}
	b.put(what+": affiliation of "+a.JID, func(s *pep.Store) (*pep.Store, error) {
		if err != nil {
			return nil, err
		}
		return s.Affiliate(key, []pep.Affiliate{{JID: j.String(), Affiliation: affiliation}})
	})
}

var accessModels = map[string]pep.Access{
	"": pep.Presence, "presence": pep.Presence, "open": pep.Open, "whitelist": pep.Whitelist, "roster": pep.Roster,
}

// configOf reads a node's settings. What would open it to more readers than its owner
// wanted is never assumed: an access model that we don't have becomes the closed one.
func (b *Bundle) configOf(n *Node) (c pep.Config) {
	one := func(name string) string { return append(n.Settings[name], "")[0] }
	var ok bool
	if c.Access, ok = accessModels[one("access_model")]; !ok {
		c.Access = pep.Whitelist
		b.Leave("node "+n.Name+": access model", fmt.Errorf("%.40q is not known here; only members may read it now", one("access_model")))
	}
	c.Groups = slices.Compact(slices.Sorted(slices.Values(n.Settings["roster_groups_allowed"])))
	if max, err := strconv.Atoi(one("max_items")); err == nil {
		c.MaxItems = min(max, pep.MaxItems)
	} else if one("max_items") == "max" {
		c.MaxItems = pep.MaxItems
	}
	persist := one("persist_items")
	c.Fleeting = persist == "0" || persist == "false"
	c.Silent = one("send_last_published_item") == "never"
	if p := one("publish_model"); p != "" && p != "publishers" {
		b.Leave("node "+n.Name+": publish model", fmt.Errorf("%.40q is not known here; only the owner publishes now", p))
	}
	return c
}

// put changes what is kept and reports that it could.
func (b *Bundle) put(what string, change func(*pep.Store) (*pep.Store, error)) bool {
	next, err := change(b.Kept)
	if err != nil {
		b.Leave(what, err)
		return false
	}
	b.Kept = next
	return true
}

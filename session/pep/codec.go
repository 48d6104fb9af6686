package pep

import (
	"encoding/binary"
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The version begins the stored form. After it come the nodes: kind, access,
// name, the number of items to keep, flags, the lists that the flags announce,
// and the items by id and XML. Numbers are uvarints, texts have their length
// before them.
const (
	plainVersion      = 1 // no node has a list
	listedVersion     = 2 // some do; a program that knows only version 1 would misread them
	subscribedVersion = 3 // some have a list of subscribers
)

// ErrDocument is the error of Decode.
var ErrDocument = errors.New("not a document of published items")

// number is how many bytes a length has at most: no text is longer than the
// document.
const number = 3

// size bounds the length of the encoded store from above.
func (s *Store) size() int { return s.owned() + s.subscriberBytes() }

// owned bounds from above the length of the data that the owner has put into
// the encoded store: all of it but the subscribers.
func (s *Store) owned() int {
	n := 1
	if s == nil {
		return n
	}
	for _, node := range s.nodes {
		n += 2 + len(node.Name) + 7*number
		for _, g := range node.Groups {
			n += len(g) + number
		}
		for _, a := range node.Affiliates {
			n += len(a.JID) + 1 + number
		}
		for _, it := range node.Items {
			n += len(it.ID) + len(it.XML) + 2*number
		}
	}
	return n
}

// Encode returns the document, at most events.MaxDocument bytes.
func (s *Store) Encode() []byte {
	b := append(make([]byte, 0, s.size()), s.version())
	for _, n := range s.nodes {
		b = append(b, byte(n.Kind), byte(n.Access))
		b = appendText(b, n.Name)
		b = binary.AppendUvarint(b, uint64(n.MaxItems))
		b = append(b, n.flags())
		b = n.appendLists(b)
		b = binary.AppendUvarint(b, uint64(len(n.Items)))
		for _, it := range n.Items {
			b = appendText(b, it.ID)
			b = appendText(b, string(it.XML))
		}
	}
	return b
}

// version is the lowest that knows all that there is, so that an older program
// reads what it can.
func (s *Store) version() byte {
	v := byte(plainVersion)
	for _, n := range s.nodes {
		switch f := n.flags(); {
		case f&flagSubscribers != 0:
			return subscribedVersion
		case f&(flagGroups|flagAffiliates) != 0:
			v = listedVersion
		}
	}
	return v
}

// The flags of a node.
const (
	flagFleeting = 1 << iota
	flagSilent
	flagGroups     // a list of groups follows
	flagAffiliates // a list of affiliates follows
	flagSubscribers
)

// flags says what is set in a node, and which of its lists are not empty.
func (n *Node) flags() (b byte) {
	set := func(on bool, flag byte) {
		if on {
			b |= flag
		}
	}
	set(n.Fleeting, flagFleeting)
	set(n.Silent, flagSilent)
	set(len(n.Groups) > 0, flagGroups)
	set(len(n.Affiliates) > 0, flagAffiliates)
	set(len(n.Subscribers) > 0, flagSubscribers)
	return b
}

// appendLists writes the lists that the flags announce, in the order of the flags.
func (n *Node) appendLists(b []byte) []byte {
	b = appendTexts(b, n.Groups)
	if len(n.Affiliates) > 0 {
		b = binary.AppendUvarint(b, uint64(len(n.Affiliates)))
		for _, a := range n.Affiliates {
			b = append(appendText(b, a.JID), byte(a.Affiliation))
		}
	}
	return appendTexts(b, n.Subscribers)
}

// appendTexts writes a list, if there is one.
func appendTexts(b []byte, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(len(list)))
	for _, text := range list {
		b = appendText(b, text)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Decode reads a document that has the revision. Empty data is that of no
// document. The store refers to data.
func Decode(revision uint64, data []byte) (*Store, error) {
	s := &Store{revision: revision}
	if len(data) == 0 {
		return s, nil
	}
	if v := data[0]; v < plainVersion || v > subscribedVersion {
		return nil, ErrDocument
	}
	d := decoder{rest: data[1:]}
	for len(d.rest) > 0 && !d.bad {
		s.nodes = append(s.nodes, d.node())
	}
	if d.bad {
		return nil, ErrDocument
	}
	return s, nil
}

// A decoder reads what Encode wrote. Once it is bad it gives zeros.
type decoder struct {
	rest []byte
	bad  bool
}

// node reads one. A list that the flags don't announce is not there.
func (d *decoder) node() *Node {
	n := &Node{Key: Key{Kind: Kind(d.byte())}}
	n.Access = Access(d.byte())
	n.Name = string(d.text())
	n.MaxItems = int(d.number())
	flags := d.byte()
	n.Fleeting, n.Silent = flags&flagFleeting != 0, flags&flagSilent != 0
	if flags&flagGroups != 0 {
		d.list(func() { n.Groups = append(n.Groups, string(d.text())) })
	}
	if flags&flagAffiliates != 0 {
		d.list(func() {
			n.Affiliates = append(n.Affiliates, Affiliate{JID: string(d.text()), Affiliation: Affiliation(d.byte())})
		})
	}
	if flags&flagSubscribers != 0 {
		d.list(func() { n.Subscribers = append(n.Subscribers, string(d.text())) })
	}
	d.list(func() { n.Items = append(n.Items, Item{ID: string(d.text()), XML: d.text()}) })
	return n
}

// list reads as many elements as there are said to be.
func (d *decoder) list(element func()) {
	for range d.number() {
		if d.bad {
			return
		}
		element()
	}
}

func (d *decoder) byte() byte {
	b := d.take(1)
	if d.bad {
		return 0
	}
	return b[0]
}

func (d *decoder) number() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 || v > events.MaxDocument {
		d.bad = true
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) text() []byte { return d.take(int(d.number())) }

func (d *decoder) take(n int) []byte {
	if d.bad || n > len(d.rest) {
		d.bad = true
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

package bundle

import (
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// The nodes that Prosody makes a card of when a client asks for one (XEP-0292, XEP-0172,
// XEP-0084).
const (
	nodeCard     = "urn:xmpp:vcard4"
	nodeNick     = "http://jabber.org/protocol/nick"
	nodeMetadata = "urn:xmpp:avatar:metadata"
	nodeData     = "urn:xmpp:avatar:data"

	nsCard4 = "urn:ietf:params:xml:ns:vcard-4.0"
)

// DeriveCard makes a card of the items that the account publishes, if it has none.
// Prosody keeps no others since version 0.11, and answers in this way whoever asks for a
// card.
func (b *Bundle) DeriveCard() {
	if b.Kept.Node(CardKey) != nil {
		return
	}
	card4, nick := b.newest(nodeCard), b.newest(nodeNick)
	photo := b.photo()
	if card4 == nil && photo == nil {
		return
	}
	xml := []byte("<vCard xmlns='vcard-temp'>")
	if card4 != nil {
		xml = appendCard4(xml, card4)
	} else if nick != nil {
		xml = appendField(xml, "NICKNAME", nick.Text())
	}
	xml = append(append(xml, photo...), "</vCard>"...)
	b.put("card", func(s *pep.Store) (*pep.Store, error) { return s.Publish(CardKey, pep.Item{XML: xml}, nil) })
}

// newest is the newest item of a node, nil if there is none.
func (b *Bundle) newest(node string) *stanza.Element {
	n := b.Kept.Node(pep.Key{Kind: pep.Event, Name: node})
	if n == nil || len(n.Items) == 0 {
		return nil
	}
	el, err := stanza.Parse(n.Items[len(n.Items)-1].XML, stanza.NSClient, stanza.Limits{Bytes: pep.MaxBytes, Depth: 100})
	if err != nil {
		return nil
	}
	return el
}

// photo is the avatar as a card has it.
func (b *Bundle) photo() []byte {
	info := b.newest(nodeMetadata).Child(nodeMetadata, "info")
	if info == nil {
		return nil
	}
	xml := appendField([]byte("<PHOTO>"), "TYPE", info.Attr("type"))
	if url := info.Attr("url"); url != "" {
		xml = appendField(xml, "EXTVAL", url)
	} else if n := b.Kept.Node(pep.Key{Kind: pep.Event, Name: nodeData}); n != nil {
		if it, ok := n.Find(info.Attr("id")); ok {
			if data, err := stanza.Parse(it.XML, stanza.NSClient, stanza.Limits{Bytes: pep.MaxBytes}); err == nil {
				xml = appendField(xml, "BINVAL", data.Text())
			}
		}
	}
	return append(xml, "</PHOTO>"...)
}

// simple are the fields of a vCard4 that are one text in a card, by the element that has
// the text.
var simple = map[string]string{
	"nickname": "text", "title": "text", "role": "text", "categories": "text", "note": "text", "url": "uri", "bday": "date",
}

// appendCard4 writes the fields of a vCard4 (RFC 6351) as those of a card.
func appendCard4(xml []byte, card *stanza.Element) []byte {
	xml = appendField(xml, "FN", card.Child(nsCard4, "fn").Child(nsCard4, "text").Text())
	if n := card.Child(nsCard4, "n"); n != nil {
		xml = append(appendFields(append(xml, "<N>"...), n, "FAMILY", "surname", "GIVEN", "given", "MIDDLE", "additional", "PREFIX", "prefix", "SUFFIX", "suffix"), "</N>"...)
	}
	for el := range card.Children() {
		name := el.Local()
		text := func(in string) string { return el.Child(nsCard4, in).Text() }
		place := placeOf(el)
		switch {
		case simple[name] != "":
			xml = appendField(xml, strings.ToUpper(name), text(simple[name]))
		case name == "email" && text("text") != "":
			xml = append(append(appendField(append(xml, "<EMAIL>"...), "USERID", text("text")), "<INTERNET/>"+place...), "</EMAIL>"...)
		case name == "tel" && text("uri") != "":
			xml = append(append(appendField(append(xml, "<TEL>"...), "NUMBER", strings.TrimPrefix(text("uri"), "tel:")), place...), "</TEL>"...)
		case name == "adr":
			xml = appendFields(append(xml, "<ADR>"...), el, "POBOX", "pobox", "EXTADD", "ext", "STREET", "street",
				"LOCALITY", "locality", "REGION", "region", "PCODE", "code", "CTRY", "country")
			xml = append(append(xml, place...), "</ADR>"...)
		case name == "impp":
			if jid, ok := strings.CutPrefix(text("uri"), "xmpp:"); ok {
				xml = appendField(xml, "JABBERID", jid)
			}
		case name == "org":
			xml = append(appendField(append(xml, "<ORG>"...), "ORGNAME", text("text")), "</ORG>"...)
		}
	}
	return xml
}

// placeOf says whether an address is one at home or at work.
func placeOf(el *stanza.Element) string {
	kind := el.Child(nsCard4, "parameters").Child(nsCard4, "type").Child(nsCard4, "text").Text()
	if slices.Contains([]string{"home", "work"}, kind) {
		return "<" + strings.ToUpper(kind) + "/>"
	}
	return ""
}

// appendFields writes fields by pairs: the name in a card, the name in el. Those that are
// empty are there too, as clients expect of structured values.
func appendFields(xml []byte, el *stanza.Element, pairs ...string) []byte {
	for pair := range slices.Chunk(pairs, 2) {
		xml = append(stanza.AppendText(append(xml, "<"+pair[0]+">"...), el.Child(nsCard4, pair[1]).Text()), "</"+pair[0]+">"...)
	}
	return xml
}

// appendField writes a field; one that is empty is left out.
func appendField(xml []byte, name, text string) []byte {
	if text == "" {
		return xml
	}
	return append(stanza.AppendText(append(xml, "<"+name+">"...), text), "</"+name+">"...)
}

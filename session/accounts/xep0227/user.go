package xep0227

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

const (
	nsScram    = "urn:xmpp:pie:0#scram"
	nsArchive  = "urn:xmpp:pie:0#mam"
	nsExtended = "http://prosody.im/protocol/extended-xep0227" // Prosody's other properties of an account
	nsCard     = "vcard-temp"
	nsPrivate  = "jabber:iq:private"
	nsPrivacy  = "jabber:iq:privacy"
	nsBlocking = "urn:xmpp:blocking"
	nsPubSub   = "http://jabber.org/protocol/pubsub"
	nsOwner    = "http://jabber.org/protocol/pubsub#owner"
	nsForms    = stanza.NSForms
	nsRoster   = "jabber:iq:roster"
)

// take puts what a user element has into a bundle.
func take(b *bundle.Bundle, user *stanza.Element) {
	b.Password = user.Attr("password")
	for a := range user.Attrs() {
		takeProperty(b, a)
	}
	nodes := newNodes()
	for el := range user.Children() {
		switch {
		case el.Is(nsScram, "scram-credentials"):
			takeKeys(b, el)
		case el.Is(nsCard, "vCard"):
			b.TakeCard(el)
		case el.Is(nsPrivate, "query"):
			for c := range el.Children() {
				b.TakePrivate(c)
			}
		case el.Is(nsRoster, "query"):
			takeRoster(b, el)
		case el.Is(stanza.NSClient, "presence"), el.Is(nsPIE, "presence"): // Prosody's has no namespace of its own
			takePresence(b, el)
		case el.Is(nsPIE, "offline-messages"):
			for m := range el.Children() {
				b.TakeMessage(asClientSent(m), time.Time{})
			}
		case el.Is(nsPrivacy, "query"):
			takePrivacy(b, el)
		case el.Is(nsBlocking, "blocklist"):
			for c := range el.Children() {
				b.TakeBlocked(c.Attr("jid"))
			}
		case el.Is(nsOwner, "pubsub"), el.Is(nsPubSub, "pubsub"):
			nodes.read(b, el)
		case el.Is(nsArchive, "archive"):
			b.Leave("archive", fmt.Errorf("%d archived messages; there are no archives here", count(el)))
		default:
			b.Leave(fmt.Sprintf("<%s xmlns='%s'>", el.Local(), el.Space()), errors.New("there is no place for it"))
		}
	}
	for _, n := range nodes.list {
		b.TakeNode(n)
	}
	b.DeriveCard()
}

func count(el *stanza.Element) (n int) {
	for range el.Children() {
		n++
	}
	return n
}

// takeProperty takes an attribute of Prosody's.
func takeProperty(b *bundle.Bundle, a stanza.Attr) {
	if strings.TrimSuffix(a.Space, "\x01") != nsExtended {
		return
	}
	b.TakeProperty(a.Local, a.Value)
}

// takeKeys takes the keys of a SCRAM mechanism.
func takeKeys(b *bundle.Bundle, el *stanza.Element) {
	mechanism := el.Attr("mechanism")
	what := "keys for " + mechanism
	keys, size := &b.SHA1, 20
	switch mechanism {
	case "SCRAM-SHA-1":
	case "SCRAM-SHA-256":
		keys, size = &b.SHA256, 32
	default:
		b.Leave(what, errors.New("only those for SCRAM-SHA-1 and SCRAM-SHA-256 can be used"))
		return
	}
	field := func(name string) string { return strings.TrimSpace(el.Child(nsScram, name).Text()) }
	iterations, err := strconv.Atoi(field("iter-count"))
	if err != nil {
		b.Leave(what, fmt.Errorf("no count of iterations: %.40q", field("iter-count")))
		return
	}
	stored, twice, err := decodeKey(field("stored-key"), size)
	server, _, errServer := decodeKey(field("server-key"), size)
	salt, errSalt := base64.StdEncoding.DecodeString(field("salt"))
	if twice && errSalt == nil {
		salt, errSalt = base64.StdEncoding.DecodeString(string(salt))
	}
	if err := errors.Join(err, errServer, errSalt); err != nil {
		b.Leave(what, errors.New("they are not in base64"))
		return
	}
	*keys = auth.Keys{Salt: salt, Iterations: iterations, StoredKey: stored, ServerKey: server}
}

// decodeKey decodes a key of a size. ejabberd encodes twice.
func decodeKey(text string, size int) (key []byte, twice bool, err error) {
	key, err = base64.StdEncoding.DecodeString(text)
	if err != nil || len(key) == size {
		return key, false, err
	}
	if inner, err := base64.StdEncoding.DecodeString(string(key)); err == nil && len(inner) == size {
		return inner, true, nil
	}
	return key, false, nil
}

func takeRoster(b *bundle.Bundle, query *stanza.Element) {
	for el := range query.Children() {
		if el.Local() != "item" {
			continue
		}
		var groups []string
		for g := range el.Children() {
			if g.Local() == "group" && g.Text() != "" {
				groups = append(groups, g.Text())
			}
		}
		approved := el.Attr("approved")
		b.TakeContact(el.Attr("jid"), el.Attr("name"), groups, el.Attr("subscription"), el.Attr("ask") == "subscribe", approved == "true" || approved == "1")
	}
}

// takePresence takes a request.
func takePresence(b *bundle.Bundle, el *stanza.Element) {
	if el.Attr("type") != "subscribe" {
		b.Leave("presence of type "+el.Attr("type"), errors.New("only requests wait for an answer"))
		return
	}
	b.TakeRequest(el.Attr("from"), asClientSent(el))
}

// asClientSent is a stanza in the namespace that stanzas have. Prosody writes none, so
// that it has the one of the format.
func asClientSent(el *stanza.Element) *stanza.Element {
	if el.Space() != nsPIE {
		return el
	}
	again, err := stanza.Parse([]byte(el.Raw()), stanza.NSClient, stanza.Limits{Bytes: 2 * bundle.MaxMessage})
	if err != nil {
		return el
	}
	return again
}

// takePrivacy takes of privacy lists (XEP-0016) what a block list can say: JIDs that are
// denied everything, in the list that holds by default.
func takePrivacy(b *bundle.Bundle, query *stanza.Element) {
	def, has := query.Child(nsPrivacy, "default").Attr("name"), query.Child(nsPrivacy, "default") != nil
	for list := range query.Children() {
		if list.Local() != "list" {
			continue
		}
		name := list.Attr("name")
		what := fmt.Sprintf("privacy list %q", name)
		if !has || name != def {
			b.Leave(what, errors.New("it does not hold by default, and there are only block lists here"))
			continue
		}
		for item := range list.Children() {
			if item.Attr("type") == "jid" && item.Attr("action") == "deny" && item.First() == nil {
				b.TakeBlocked(item.Attr("value"))
				continue
			}
			b.Leave(what, fmt.Errorf("%s %s %q is more than a block list can say", item.Attr("action"), item.Attr("type"), item.Attr("value")))
		}
	}
}

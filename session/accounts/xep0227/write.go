package xep0227

import (
	"bufio"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A Form is a way in which files of the format are written.
type Form uint8

const (
	// Standard is that of XEP-0227, which Prosody reads.
	Standard Form = iota
	// Ejabberd has keys and salts in base64 twice, and those for one hash only: the
	// better one that the account has keys of.
	Ejabberd
)

// A Writer writes a file. Its methods' errors are those of the file, and stay.
type Writer struct {
	out  *bufio.Writer
	form Form
	host string // that is open
	err  error
}

// NewWriter begins a file.
func NewWriter(out io.Writer, form Form) *Writer {
	w := &Writer{out: bufio.NewWriter(out), form: form}
	w.write([]byte("<?xml version='1.0' encoding='UTF-8'?>\n<server-data xmlns='" + nsPIE + "'>"))
	return w
}

// Write writes an account. Parts for which the format has no place are added to those
// that the bundle leaves.
func (w *Writer) Write(b *bundle.Bundle) error {
	var xml []byte
	if domain := b.Account.Domain(); domain != w.host {
		xml = w.endHost()
		xml = append(stanza.AppendAttr(append(xml, "\n<host"...), "jid", domain), '>')
		w.host = domain
	}
	w.write(append(w.appendUser(xml, b), '\n'))
	return w.err
}

// Close ends the file, but does not close what it was written to.
func (w *Writer) Close() error {
	w.write(append(w.endHost(), "</server-data>\n"...))
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}

func (w *Writer) endHost() []byte {
	if w.host == "" {
		return nil
	}
	return []byte("</host>")
}

func (w *Writer) write(xml []byte) {
	if w.err == nil {
		_, w.err = w.out.Write(xml)
	}
}

func (w *Writer) appendUser(xml []byte, b *bundle.Bundle) []byte {
	xml = stanza.AppendAttr(append(xml, "\n<user"...), "name", b.Account.Local())
	if b.Password != "" {
		xml = stanza.AppendAttr(xml, "password", b.Password)
	}
	xml = w.appendKeys(append(xml, '>'), b)
	if n := b.Kept.Node(bundle.CardKey); n != nil {
		xml = append(xml, n.Items[0].XML...)
	}
	xml = appendPrivate(xml, b.Kept)
	xml = appendRoster(xml, b)
	if len(b.Waiting) > 0 {
		xml = append(xml, "<offline-messages>"...)
		for i, m := range b.Waiting {
			xml = appendStanza(xml, b, fmt.Sprintf("waiting message %d", i+1), m)
		}
		xml = append(xml, "</offline-messages>"...)
	}
	xml = appendBlocked(xml, b)
	xml = appendNodes(xml, b.Kept)
	if b.Disabled {
		b.Leave("disabled", errPlace)
	}
	return append(xml, "</user>"...)
}

var errPlace = errors.New("the format has no place for it")

// appendKeys writes the keys for each hash, or for one.
func (w *Writer) appendKeys(xml []byte, b *bundle.Bundle) []byte {
	for _, k := range []struct {
		mechanism string
		keys      auth.Keys
	}{{"SCRAM-SHA-256", b.SHA256}, {"SCRAM-SHA-1", b.SHA1}} {
		if len(k.keys.StoredKey) == 0 {
			continue
		}
		xml = stanza.AppendAttr(append(xml, "<scram-credentials xmlns='"+nsScram+"'"...), "mechanism", k.mechanism)
		xml = append(xml, "><iter-count>"+strconv.Itoa(k.keys.Iterations)+"</iter-count>"...)
		for _, f := range []struct {
			name string
			data []byte
		}{{"salt", k.keys.Salt}, {"server-key", k.keys.ServerKey}, {"stored-key", k.keys.StoredKey}} {
			text := base64.StdEncoding.EncodeToString(f.data)
			if w.form == Ejabberd {
				text = base64.StdEncoding.EncodeToString([]byte(text))
			}
			xml = append(xml, "<"+f.name+">"+text+"</"+f.name+">"...)
		}
		xml = append(xml, "</scram-credentials>"...)
		if w.form == Ejabberd {
			break
		}
	}
	return xml
}

func appendPrivate(xml []byte, s *pep.Store) []byte {
	first := true
	for n := range s.Nodes(pep.Private) {
		if first {
			xml = append(xml, "<query xmlns='"+nsPrivate+"'>"...)
			first = false
		}
		xml = append(xml, n.Items[0].XML...)
	}
	if !first {
		xml = append(xml, "</query>"...)
	}
	return xml
}

// appendRoster writes the contacts, and after them the requests.
func appendRoster(xml []byte, b *bundle.Bundle) []byte {
	xml = append(xml, "<query xmlns='"+nsRoster+"'>"...)
	for item := range b.Contacts.Items() {
		xml = stanza.AppendAttr(append(xml, "<item"...), "jid", item.JID.String())
		if item.Name != "" {
			xml = stanza.AppendAttr(xml, "name", item.Name)
		}
		xml = stanza.AppendAttr(xml, "subscription", item.Subscription.String())
		if item.Ask {
			xml = append(xml, " ask='subscribe'"...)
		}
		if item.Approved {
			xml = append(xml, " approved='true'"...)
		}
		xml = append(xml, '>')
		for _, g := range item.Groups {
			xml = append(stanza.AppendText(append(xml, "<group>"...), g), "</group>"...)
		}
		xml = append(xml, "</item>"...)
	}
	xml = append(xml, "</query>"...)
	for q := range b.Contacts.Requests() {
		xml = appendStanza(xml, b, "request of "+q.From.String(), q.Stanza)
	}
	return xml
}

// appendStanza writes one with its namespace, which it has without as it is kept.
func appendStanza(xml []byte, b *bundle.Bundle, what string, kept []byte) []byte {
	el, err := stanza.Parse(kept, stanza.NSClient, stanza.Limits{Bytes: 2 * bundle.MaxMessage, Depth: maxDepth})
	if err != nil {
		b.Leave(what, err)
		return xml
	}
	return append(xml, el.Alone()...)
}

// appendBlocked writes a block list as the privacy list that holds by default.
func appendBlocked(xml []byte, b *bundle.Bundle) []byte {
	if len(b.Blocked) == 0 {
		return xml
	}
	xml = append(xml, "<query xmlns='"+nsPrivacy+"'><default name='blocked'/><list name='blocked'>"...)
	for i, j := range b.Blocked {
		xml = stanza.AppendAttr(append(xml, "<item type='jid' action='deny'"...), "value", j.String())
		xml = append(stanza.AppendAttr(xml, "order", strconv.Itoa(i+1)), "/>"...)
	}
	return append(xml, "</list></query>"...)
}

// appendNodes writes the configurations of all nodes, and then their items. Prosody wants
// to find the items of each node, even if there are none.
func appendNodes(xml []byte, s *pep.Store) []byte {
	nodes := slices.Collect(s.Nodes(pep.Event))
	if len(nodes) == 0 {
		return xml
	}
	xml = append(xml, "<pubsub xmlns='"+nsOwner+"'>"...)
	for _, n := range nodes {
		xml = appendConfiguration(xml, n)
	}
	xml = append(xml, "</pubsub><pubsub xmlns='"+nsPubSub+"'>"...)
	for _, n := range nodes {
		xml = append(stanza.AppendAttr(append(xml, "<items"...), "node", n.Name), '>')
		for _, it := range n.Items {
			xml = append(stanza.AppendAttr(append(xml, "<item"...), "id", it.ID), '>')
			xml = append(append(xml, it.XML...), "</item>"...)
		}
		xml = append(xml, "</items>"...)
	}
	return append(xml, "</pubsub>"...)
}

var (
	accessNames      = [...]string{pep.Presence: "presence", pep.Open: "open", pep.Whitelist: "whitelist", pep.Roster: "roster"}
	affiliationNames = [...]string{pep.None: "none", pep.Member: "member", pep.Outcast: "outcast"}
)

func appendConfiguration(xml []byte, n *pep.Node) []byte {
	value := func(name string, values ...string) {
		xml = append(stanza.AppendAttr(append(xml, "<field"...), "var", name), '>')
		for _, v := range values {
			xml = append(stanza.AppendText(append(xml, "<value>"...), v), "</value>"...)
		}
		xml = append(xml, "</field>"...)
	}
	xml = append(stanza.AppendAttr(append(xml, "<configure"...), "node", n.Name), "><x xmlns='"+nsForms+"' type='submit'>"...)
	value("FORM_TYPE", nsPubSub+"#node_config")
	value("pubsub#access_model", accessNames[n.Access])
	if len(n.Groups) > 0 {
		value("pubsub#roster_groups_allowed", n.Groups...)
	}
	if n.MaxItems > 0 {
		value("pubsub#max_items", strconv.Itoa(n.MaxItems))
	}
	value("pubsub#persist_items", strconv.FormatBool(!n.Fleeting))
	if n.Silent {
		value("pubsub#send_last_published_item", "never")
	}
	xml = append(xml, "</x></configure>"...)
	if len(n.Affiliates) > 0 {
		xml = append(stanza.AppendAttr(append(xml, "<affiliations"...), "node", n.Name), '>')
		for _, a := range n.Affiliates {
			xml = stanza.AppendAttr(append(xml, "<affiliation"...), "jid", a.JID)
			xml = append(stanza.AppendAttr(xml, "affiliation", affiliationNames[a.Affiliation]), "/>"...)
		}
		xml = append(xml, "</affiliations>"...)
	}
	if len(n.Subscribers) > 0 {
		xml = append(stanza.AppendAttr(append(xml, "<subscriptions"...), "node", n.Name), '>')
		for _, jid := range n.Subscribers {
			xml = append(stanza.AppendAttr(append(xml, "<subscription"...), "jid", jid), " subscription='subscribed'/>"...)
		}
		xml = append(xml, "</subscriptions>"...)
	}
	return xml
}

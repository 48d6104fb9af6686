package prosody

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// account reads what all stores have of a user, by the name of its files. Files other
// than its account file that can't be read are noted, so that the rest moves.
func (h *host) account(file string) (*bundle.Bundle, error) {
	name, err := url.PathUnescape(file)
	if err != nil {
		return nil, &bundle.Refusal{Account: file + " at " + h.domain, Reason: err}
	}
	refuse := func(err error) (*bundle.Bundle, error) {
		return nil, &bundle.Refusal{Account: name + "@" + h.domain, Reason: err}
	}
	jid, err := bundle.Account(name, h.domain)
	if err != nil {
		return refuse(err)
	}
	b := bundle.New(jid)
	t, err := h.table("accounts", file)
	if err != nil {
		return refuse(fmt.Errorf("its file in accounts: %w", err))
	}
	takeAccount(b, t)
	u := user{host: h, b: b, file: file}
	u.each("roster", u.roster)
	u.each("vcard", u.card)
	u.each("private", u.private)
	u.each("blocklist", u.blocked)
	u.offline()
	u.each("pep", u.nodes)
	b.DeriveCard()
	u.rest()
	return b, nil
}

// takeAccount takes keys or a password, and the rest of the file by name. The form of the
// keys tells the hash.
func takeAccount(b *bundle.Bundle, t *table) {
	if t == nil {
		return
	}
	b.Password = t.text("password")
	stored, err := hex.DecodeString(t.text("stored_key"))
	server, errServer := hex.DecodeString(t.text("server_key"))
	if err := errors.Join(err, errServer); err != nil {
		b.Leave("keys", errors.New("they are not in hex"))
	} else if len(stored) > 0 {
		iterations, _ := strconv.Atoi(t.text("iteration_count"))
		keys := auth.Keys{Salt: []byte(t.text("salt")), Iterations: iterations, StoredKey: stored, ServerKey: server}
		switch len(stored) {
		case 20:
			b.SHA1 = keys
		case 32:
			b.SHA256 = keys
		default:
			b.Leave("keys", fmt.Errorf("one has %d bytes; only those for SCRAM-SHA-1 and SCRAM-SHA-256 can be used", len(stored)))
		}
	}
	for _, f := range t.named {
		name := text(f.key)
		if !slices.Contains([]string{"password", "stored_key", "server_key", "salt", "iteration_count"}, name) {
			b.TakeProperty(name, text(f.value))
		}
	}
}

// A user is an account that is being read.
type user struct {
	*host
	b     *bundle.Bundle
	file  string
	lists []string // stores of items that were read
}

// each hands a keyed store on, if the user has something in it.
func (u *user) each(store string, take func(*table)) {
	t, err := u.table(store, u.file)
	if err != nil {
		u.b.Leave(store, err)
		return
	}
	if t != nil {
		take(t)
	}
}

// roster takes items by JID. Under false are the requests, which older versions kept
// under pending.
func (u *user) roster(t *table) {
	for _, f := range t.named {
		item, _ := f.value.(*table)
		switch key := f.key.(type) {
		case bool:
			u.requests(item.table("pending"))
		case string:
			if key == "pending" && item.get("subscription") == nil {
				u.requests(item)
				continue
			}
			var groups []string
			for _, f := range item.table("groups").fields() {
				groups = append(groups, text(f.key))
			}
			u.b.TakeContact(key, item.text("name"), groups, item.text("subscription"), item.text("ask") == "subscribe", item.text("approved") == "true")
		default:
			u.b.Leave("contact "+text(key), errors.New("it is no JID"))
		}
	}
}

// requests are stanzas by JID, or true.
func (u *user) requests(pending *table) {
	for _, f := range pending.fields() {
		from := text(f.key)
		t, ok := f.value.(*table)
		if !ok {
			u.b.TakeRequest(from, nil)
			continue
		}
		el, err := element(t)
		if err != nil {
			u.b.TakeRequest(from, nil) // what it says beside is lost, the question is not
			u.b.Leave("text of the request of "+from, err)
			continue
		}
		u.b.TakeRequest(from, el)
	}
}

func (u *user) card(t *table) {
	el, err := element(t)
	if err != nil {
		u.b.Leave("card", err)
		return
	}
	u.b.TakeCard(el)
}

func (u *user) private(t *table) {
	for _, f := range t.named {
		stored, _ := f.value.(*table)
		el, err := element(stored)
		if err != nil {
			u.b.Leave("private element "+text(f.key), err)
			continue
		}
		u.b.TakePrivate(el)
	}
}

// blocked takes JIDs with the times since when they are; under false is the list's own.
func (u *user) blocked(t *table) {
	for _, f := range t.named {
		if jid, ok := f.key.(string); ok {
			u.b.TakeBlocked(jid)
		}
	}
}

func (u *user) offline() {
	list, err := u.list("offline", u.file)
	if err != nil {
		u.b.Leave("waiting messages", err)
		return
	}
	for i, t := range list {
		el, err := listed(t)
		if err != nil {
			u.b.Leave(fmt.Sprintf("waiting message %d", i+1), err)
			continue
		}
		u.b.TakeMessage(el, storedAt(t))
	}
}

// storedAt is when an entry was put on its list.
func storedAt(t *table) time.Time {
	if when, ok := t.get("when").(float64); ok && when > 0 && when < 1<<40 {
		return time.UnixMilli(int64(when * 1000)).UTC()
	}
	at, err := time.Parse(time.RFC3339, t.table("attr").text("stamp"))
	if err != nil {
		return time.Time{}
	}
	return at
}

// nodes takes nodes by name: their settings, and items from lists of their own. Older
// versions kept true for a node of which there is no more to say.
func (u *user) nodes(t *table) {
	for _, f := range t.named {
		n := &bundle.Node{Name: text(f.key), Settings: map[string][]string{}}
		about, _ := f.value.(*table)
		for _, f := range about.table("config").fields() {
			n.Settings[text(f.key)] = texts(f.value)
		}
		for _, f := range about.table("affiliations").fields() {
			n.Affiliates = append(n.Affiliates, bundle.Affiliate{JID: text(f.key), Affiliation: text(f.value)})
		}
		for _, f := range about.table("subscribers").fields() {
			n.Subscribers = append(n.Subscribers, text(f.key))
		}
		u.items(n)
		u.b.TakeNode(n)
	}
}

func (u *user) items(n *bundle.Node) {
	store := encodeStore("pep_" + n.Name)
	u.lists = append(u.lists, store)
	list, err := u.list(store, u.file)
	if err != nil {
		u.b.Leave("items of node "+n.Name, err)
		return
	}
	for _, t := range list {
		id := t.text("key")
		el, err := listed(t)
		if err != nil {
			u.b.Leave(fmt.Sprintf("node %s: item %s", n.Name, id), err)
			continue
		}
		n.Items = append(n.Items, bundle.Item{ID: id, Payload: el})
	}
}

// texts are those of a list, or one.
func texts(v value) (list []string) {
	t, ok := v.(*table)
	if !ok {
		return []string{text(v)}
	}
	for _, v := range t.list {
		list = append(list, text(v))
	}
	return list
}

// rest notes what the user has in other stores.
func (u *user) rest() {
	for _, store := range u.stores {
		name, err := url.PathUnescape(store)
		if err != nil || slices.Contains(ownStores, name) || slices.Contains(u.lists, store) {
			continue
		}
		for _, ending := range []string{".dat", ".list"} {
			info, err := fs.Stat(u.dir, path.Join(u.folder, store, u.file+ending))
			if err != nil {
				continue
			}
			reason := "there is no place for it"
			if name == "archive" {
				reason = "there are no archives here"
			}
			u.b.Leave(name, fmt.Errorf("%s (%d bytes)", reason, info.Size()))
		}
	}
}

// encodeStore is the name of a store's folder: all but letters, digits and underscores
// is percent-encoded, in lower case.
func encodeStore(name string) string {
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		if c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return b.String()
}

package bundle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

const (
	// MaxWaiting is the number of messages that a bundle carries at most; a service
	// keeps no more for an account.
	MaxWaiting = 100
	// MaxMessage bounds one of them, in bytes.
	MaxMessage = 256 << 10
	// MaxBlocked is the number of JIDs on a block list at most.
	MaxBlocked = 1_000
	// maxLeft bounds what is noted of one account; the last note says that there is more.
	maxLeft = 1_000
)

// A Bundle is all that moves of one account. A part that is zero is not there.
type Bundle struct {
	Account  events.JID
	Password string // where the source has it; otherwise there are keys
	SHA256   auth.Keys
	SHA1     auth.Keys
	Disabled bool
	Created  time.Time // when the account was made
	Contacts *roster.Roster
	Kept     *pep.Store // card, private elements and nodes
	Blocked  []events.JID
	Waiting  [][]byte // whole messages in the namespace jabber:client, oldest first
	Left     []Left

	messages int // that waited, taken or not
}

// A Left is a thing that could not be taken.
type Left struct {
	Item   string // what it is, and its name if it has one
	Reason string
}

// New returns the bundle of an account of which nothing is known yet.
func New(account events.JID) *Bundle { return &Bundle{Account: account} }

// Credentials are what the account is to log in with. They are made of the password, if
// there is one, in some milliseconds. The error is auth.ErrPassword or auth.ErrKeys.
func (b *Bundle) Credentials(now time.Time) (*auth.Credentials, error) {
	var c *auth.Credentials
	var err error
	if b.Password != "" {
		c, err = auth.NewCredentials(b.Password, now)
	} else {
		c, err = auth.FromKeys(b.SHA256, b.SHA1, now)
	}
	if err != nil {
		return nil, err
	}
	if c.Disabled = b.Disabled; !b.Created.IsZero() {
		c.Created = b.Created.Truncate(time.Millisecond).UTC()
	}
	return c, nil
}

// ErrKeyless is the reason why a bundle that is Keyless is not taken.
var ErrKeyless = errors.New("it has neither a password nor keys")

// Keyless reports that the source has neither a password nor keys, as is so of the users
// of a directory.
func (b *Bundle) Keyless() bool {
	return b.Password == "" && len(b.SHA256.StoredKey) == 0 && len(b.SHA1.StoredKey) == 0
}

// Size is about how much memory the bundle holds, in bytes.
func (b *Bundle) Size() int {
	n := 4096 + b.Contacts.Size() + b.Kept.Size()
	for _, m := range b.Waiting {
		n += len(m)
	}
	return n
}

// Leave notes that something can't be taken.
func (b *Bundle) Leave(item string, reason error) {
	switch {
	case len(b.Left) < maxLeft:
		b.Left = append(b.Left, Left{item, reason.Error()})
	case len(b.Left) == maxLeft:
		b.Left = append(b.Left, Left{"and more", fmt.Sprintf("only the first %d are named", maxLeft)})
	}
}

// TakeContact takes an item of the roster. The subscription is none, to, from or both, or
// empty for none.
func (b *Bundle) TakeContact(jid, name string, groups []string, subscription string, ask, approved bool) {
	item := roster.Item{Name: name, Groups: groups, Ask: ask, Approved: approved}
	what := "contact " + jid
	contact, err := bareJID(jid)
	if err != nil {
		b.Leave(what, err)
		return
	}
	if contact == b.Account {
		b.Leave(what, errors.New("it is the account itself"))
		return
	}
	known := []string{"none", "to", "from", "both"}
	i := slices.Index(known, subscription)
	if i < 0 && subscription != "" {
		b.Leave(what, fmt.Errorf("no subscription is called %.40q", subscription))
		return
	}
	item.JID, item.Subscription = contact, roster.Subscription(max(i, 0))
	next, err := b.Contacts.Bring(item)
	if err != nil {
		b.Leave(what, err)
		return
	}
	b.Contacts = next
}

// TakeRequest takes a presence of type subscribe that the account hasn't answered. el
// may be nil for one of which only the sender is known.
func (b *Bundle) TakeRequest(from string, el *stanza.Element) {
	what := "request of " + from
	contact, err := bareJID(from)
	if err != nil {
		b.Leave(what, err)
		return
	}
	stamp := stanza.Stamp{From: contact.String(), To: b.Account.String()}
	var text []byte
	if el != nil {
		text = el.AppendTo(nil, stamp)
	} else {
		text = stanza.AppendAttr([]byte("<presence"), "from", stamp.From)
		text = append(stanza.AppendAttr(text, "to", stamp.To), " type='subscribe'/>"...)
	}
	next, err := b.Contacts.BringRequest(contact, text)
	if err != nil {
		b.Leave(what, err)
		return
	}
	b.Contacts = next
}

// TakeBlocked takes a JID, of any form, that the account blocks.
func (b *Bundle) TakeBlocked(jid string) {
	j, err := events.ParseJID(jid)
	switch {
	case err != nil:
	case slices.Contains(b.Blocked, j):
		return
	case len(b.Blocked) == MaxBlocked:
		err = fmt.Errorf("more than %d are blocked", MaxBlocked)
	}
	if err != nil {
		b.Leave("blocked "+jid, err)
		return
	}
	b.Blocked = append(b.Blocked, j.Clone())
}

// TakeMessage takes one that waited, in the order in which they came. stored is when it
// was, for a message that does not say so itself; zero: nobody knows.
func (b *Bundle) TakeMessage(el *stanza.Element, stored time.Time) {
	b.messages++
	what := fmt.Sprintf("waiting message %d", b.messages)
	from, err := events.ParseJID(el.Attr("from"))
	switch {
	case el.Local() != "message":
		err = fmt.Errorf("<%.40s/> is no message", el.Local())
	case err != nil:
		err = fmt.Errorf("from %.80q: %w", el.Attr("from"), err)
	case len(b.Waiting) == MaxWaiting:
		err = fmt.Errorf("more than %d messages wait", MaxWaiting)
	}
	if err != nil {
		b.Leave(what, err)
		return
	}
	text := el.AppendTo(nil, stanza.Stamp{From: from.String(), To: b.Account.String()})
	if !stored.IsZero() && el.Child(stanza.NSDelay, "delay") == nil {
		text = stanza.AppendDelay(text, b.Account.Domain(), stored)
	}
	if len(text) > MaxMessage {
		b.Leave(what, fmt.Errorf("%d bytes, the limit is %d", len(text), MaxMessage))
		return
	}
	b.Waiting = append(b.Waiting, text)
}

// bareJID reads the JID of a contact, which must be bare.
func bareJID(s string) (events.JID, error) {
	j, err := events.ParseJID(strings.TrimSpace(s))
	if err == nil && !j.IsBare() {
		err = errors.New("it has a resource")
	}
	return j.Clone(), err
}

// ErrNoAccounts: it is a host of rooms or of another service, for which there is no place;
// nothing about it is to be mended.
var ErrNoAccounts = errors.New("it has no accounts, and there is no place for what it has")

// A Refusal is an account that can't be taken at all, or another part of the input
// that belongs to no account.
type Refusal struct {
	Account string // as it was written
	Reason  error
}

func (r *Refusal) Error() string { return r.Account + ": " + r.Reason.Error() }

func (r *Refusal) Unwrap() error { return r.Reason }

// Account is the JID of a user of a domain, by a name as another server wrote it.
func Account(local, domain string) (events.JID, error) {
	if local == "" {
		return events.JID{}, errors.New("the account has no name")
	}
	prepared, err := events.PrepareLocal(local)
	if err != nil {
		return events.JID{}, err
	}
	j, err := events.NewJID(prepared, domain, "")
	return j.Clone(), err
}

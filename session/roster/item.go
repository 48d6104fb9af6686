package roster

import (
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The limits of one item and of a roster. The requests and notices, which
// strangers may put into it, have room of their own: whatever they send, the
// user can change the items as if they had sent nothing.
const (
	MaxText         = 1023     // bytes of a name or of a group's name
	MaxGroups       = 64       // groups of an item
	MaxItems        = 5_000    // items of a roster; as people have them, with some 75 bytes, they all fit
	MaxRequests     = 1_000    // unanswered requests
	MaxRequestBytes = 96 << 10 // encoded, all requests together
	MaxRequest      = 8 << 10  // bytes of one request's stanza

	// MaxItemBytes bounds all items together, encoded: it is what the document
	// has left. The whole document has at most events.MaxDocument bytes.
	MaxItemBytes = events.MaxDocument - MaxRequestBytes - maxNoticeBytes - maxFrame

	maxNoticeBytes = MaxNotices * (MaxNotice + 5)
	maxFrame       = 64 // of the arrays and numbers around them
)

// The errors of operations, each for one stanza error (RFC 6121, sections
// 2.3.3 and 2.5.3; RFC 6120, section 8.3.3).
var (
	ErrBadRequest    = errors.New("bad roster item")             // bad-request
	ErrNotAcceptable = errors.New("unacceptable roster item")    // not-acceptable
	ErrNoItem        = errors.New("contact isn't in the roster") // item-not-found
	ErrFull          = errors.New("roster is full")              // resource-constraint
)

// A Subscription says who gets whose presence (RFC 6121, section 2.1.2.5).
type Subscription uint8

// The subscriptions. To means that the user gets the contact's presence, From
// that the contact gets the user's. Remove is found in pushes only.
const (
	None Subscription = iota
	To
	From
	Both
	Remove
)

var subscriptionNames = [...]string{"none", "to", "from", "both", "remove"}

// String returns the value of the subscription attribute.
func (s Subscription) String() string { return subscriptionNames[s] }

func (s Subscription) to() bool   { return s == To || s == Both }
func (s Subscription) from() bool { return s == From || s == Both }

// An Item is what clients see of a contact (RFC 6121, section 2.1.2). Groups
// are shared between rosters and must not be changed.
type Item struct {
	JID          events.JID // bare
	Name         string
	Groups       []string
	Subscription Subscription
	Ask          bool // ask='subscribe': a request of the user isn't answered yet
	Approved     bool // the contact's request will be granted (section 3.4)

	ours, theirs number // of the user's request, and of the contact's if From; see state
}

// equal reports that clients see no difference.
func (i *Item) equal(o *Item) bool {
	return i.JID == o.JID && i.Name == o.Name && i.Subscription == o.Subscription &&
		i.Ask == o.Ask && i.Approved == o.Approved && slices.Equal(i.Groups, o.Groups)
}

// same reports that there is no difference at all.
func (i *Item) same(o *Item) bool { return i.equal(o) && i.ours == o.ours && i.theirs == o.theirs }

// numbered reports that the item's numbers are written.
func (i *Item) numbered() bool { return i.ours != 0 || i.theirs != 0 }

// size is an upper bound of the item's encoded bytes: every text has at most 3
// bytes before it, and 8 are for the rest but the numbers. It is the same whatever
// becomes of the subscription.
func (i *Item) size() int {
	n := 8 + 2*maxNumber + 3 + len(i.JID.String()) + 3 + len(i.Name)
	for _, g := range i.Groups {
		n += 3 + len(g)
	}
	return n
}

// maxNumber is how many bytes a number takes in msgpack, at most.
const maxNumber = 9

// A Request is an unanswered stanza of type subscribe.
type Request struct {
	From   events.JID // the contact's bare JID
	Stanza []byte     // whole; must not be changed

	number number
}

func (r *Request) size() int {
	return 8 + maxNumber + 3 + len(r.From.String()) + 5 + len(r.Stanza)
}

// checkContact allows what a client may set of an item (section 2.3.3).
func checkContact(jid events.JID, name string, groups []string) error {
	switch {
	case jid.IsZero() || !jid.IsBare():
		return fmt.Errorf("%w: the JID must be bare", ErrBadRequest)
	case len(name) > MaxText:
		return fmt.Errorf("%w: a name of %d bytes, the limit is %d", ErrNotAcceptable, len(name), MaxText)
	case len(groups) > MaxGroups:
		return fmt.Errorf("%w: %d groups, the limit is %d", ErrNotAcceptable, len(groups), MaxGroups)
	}
	for i, g := range groups {
		switch {
		case slices.Contains(groups[:i], g):
			return fmt.Errorf("%w: group %.40q twice", ErrBadRequest, g)
		case g == "":
			return fmt.Errorf("%w: a group without a name", ErrNotAcceptable)
		case len(g) > MaxText:
			return fmt.Errorf("%w: a group's name of %d bytes, the limit is %d", ErrNotAcceptable, len(g), MaxText)
		}
	}
	return nil
}

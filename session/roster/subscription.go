package roster

import (
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Kind is a type of presence stanza that manages subscriptions (RFC 6121,
// section 3).
type Kind uint8

// The kinds.
const (
	Subscribe Kind = iota
	Unsubscribe
	Subscribed
	Unsubscribed
)

var kindNames = [...]string{"subscribe", "unsubscribe", "subscribed", "unsubscribed"}

// String returns the value of the type attribute.
func (k Kind) String() string { return kindNames[k] }

// ParseKind reads the type attribute of a presence stanza; false if it is
// another type.
func ParseKind(s string) (Kind, bool) {
	i := slices.Index(kindNames[:], s)
	return Kind(max(i, 0)), i >= 0
}

// A Change is the result of an operation. The roster is to be stored if it
// isn't the one before; what the user's clients are pushed is [Diff] of both.
type Change struct {
	Roster *Roster

	// Pass says that the stanza goes on: an outbound one is routed to the
	// contact, an inbound one delivered to the user's resources.
	Pass bool
}

// Outbound is the user sending a stanza of kind k to the contact, a bare JID.
// The error is [ErrFull], or [ErrBadRequest] for a JID that isn't bare.
//
// When the user ends From by [Unsubscribed], or removes the item, the contact is
// to see the user's resources go; when a request is granted, to see them: see
// [Roster.WatchedBy] of both rosters.
func (r *Roster) Outbound(contact events.JID, k Kind) (Change, error) {
	if err := checkContact(contact, "", nil); err != nil {
		return Change{}, err
	}
	old := r.state(contact)
	next, route := old.outbound(k, r.Version()+1)
	changed, err := r.moved(contact, old, next, nil)
	if err != nil {
		return Change{}, err
	}
	return Change{Roster: changed, Pass: route}, nil
}

// Inbound is a stanza of kind k from the contact, a bare JID, arriving at the
// user's server. request is the number of the one that the stanza makes or
// grants, or of the newest that it ends; [Every] where that is not known. The
// whole stanza is kept if it is a request to be answered; the roster owns it then.
// The error is [ErrFull], or [ErrBadRequest] for a JID that isn't bare.
func (r *Roster) Inbound(contact events.JID, k Kind, request uint64, stanza []byte) (Change, error) {
	if err := checkContact(contact, "", nil); err != nil {
		return Change{}, err
	}
	if k == Subscribe && request == Every {
		request = 0
	}
	old := r.state(contact)
	next, deliver := old.inbound(k, request)
	changed, err := r.moved(contact, old, next, stanza)
	if err != nil {
		return Change{}, err
	}
	return Change{Roster: changed, Pass: deliver}, nil
}

// refuse is Outbound for an [Unsubscribed] that is about the contact's requests up
// to a number. It fails with errGranted if a newer one has been granted; one that
// is not answered yet stays.
func (r *Roster) refuse(contact events.JID, upTo number) (Change, error) {
	old := r.state(contact)
	if old.from && old.theirs > upTo {
		return Change{}, errGranted
	}
	next := old
	next.approved = false
	if old.theirs <= upTo {
		next = next.refused()
	}
	changed, err := r.moved(contact, old, next, nil)
	return Change{Roster: changed}, err
}

// moved returns the roster with the contact in another state. A state that only
// the requests hold makes no item; an item stays one.
func (r *Roster) moved(contact events.JID, old, next state, stanza []byte) (*Roster, error) {
	if old == next {
		return r, nil
	}
	r = r.orEmpty()
	var err error
	if again := next.pendingIn && next.theirs != old.theirs; old.pendingIn && (!next.pendingIn || again) {
		r = r.withoutRequest(contact)
		old.pendingIn = false
	}
	if !old.pendingIn && next.pendingIn {
		if r, err = r.withRequest(Request{From: contact, Stanza: stanza, number: next.theirs}); err != nil {
			return nil, err
		}
	}
	item := Item{JID: contact}
	has := r.item(contact)
	if has != nil {
		item = *has
	}
	item.Subscription, item.Ask, item.Approved, item.ours = next.subscription(), next.ask, next.approved, next.ours
	item.theirs = 0
	if next.from {
		item.theirs = next.theirs
	}
	if has == nil && item.same(&Item{JID: contact}) || has != nil && item.same(has) {
		return r, nil
	}
	return r.withItem(&item)
}

package roster

import (
	"fmt"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Bring adds a contact in the state that another server had it in, in place of the one
// that is there; its request, if ask is set, is one from before there were numbers.
// The errors are [ErrBadRequest], [ErrNotAcceptable] and [ErrFull].
func (r *Roster) Bring(contact Item) (*Roster, error) {
	if err := checkContact(contact.JID, contact.Name, contact.Groups); err != nil {
		return nil, err
	}
	if contact.Subscription > Both {
		return nil, fmt.Errorf("%w: no subscription", ErrBadRequest)
	}
	item := contact
	item.Groups = sortedGroups(contact.Groups)
	item.Ask = item.Ask && !item.Subscription.to()
	item.ours, item.theirs = 0, 0
	next, err := r.orEmpty().withItem(&item)
	if err == nil && item.Subscription.from() {
		next = next.withoutRequest(item.JID)
	}
	return next, err
}

// BringRequest adds a contact's request that the user hasn't answered; one that is
// granted already changes nothing. The roster owns the stanza. The errors are
// [ErrBadRequest] and [ErrFull].
func (r *Roster) BringRequest(contact events.JID, stanza []byte) (*Roster, error) {
	if err := checkContact(contact, "", nil); err != nil {
		return nil, err
	}
	r = r.orEmpty()
	if s := r.state(contact); s.from || s.pendingIn {
		return r, nil
	}
	return r.withRequest(Request{From: contact, Stanza: stanza})
}

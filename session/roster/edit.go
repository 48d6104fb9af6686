package roster

import (
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Set adds a contact or changes its name and groups (RFC 6121, sections 2.3 and
// 2.4); its subscription stays. The errors are [ErrBadRequest],
// [ErrNotAcceptable] and [ErrFull]. The roster is the same one if nothing
// changed; only the client that set it is pushed the item then.
func (r *Roster) Set(contact events.JID, name string, groups []string) (Change, error) {
	if err := checkContact(contact, name, groups); err != nil {
		return Change{}, err
	}
	item := Item{JID: contact}
	has := r.item(contact)
	if has != nil {
		item = *has
	}
	item.Name, item.Groups = name, sortedGroups(groups)
	if has != nil && has.equal(&item) {
		return Change{Roster: r}, nil
	}
	changed, err := r.orEmpty().withItem(&item)
	if err != nil {
		return Change{}, err
	}
	return Change{Roster: changed}, nil
}

// sortedGroups returns a copy in order, as groups are a set.
func sortedGroups(groups []string) []string {
	if len(groups) == 0 {
		return nil
	}
	return slices.Sorted(slices.Values(groups))
}

// Remove takes a contact out and cancels both directions (RFC 6121, section
// 2.5). The error is [ErrNoItem].
func (r *Roster) Remove(contact events.JID) (Change, error) { return r.remove(contact, Every) }

// remove is Remove with regard to the contact's requests up to a number. It fails
// with errGranted if a newer one has been granted; one that is not answered yet
// stays.
func (r *Roster) remove(contact events.JID, upTo number) (Change, error) {
	r = r.orEmpty()
	i, found := r.find(contact)
	if !found {
		return Change{}, ErrNoItem
	}
	s := r.state(contact)
	if s.from && s.theirs > upTo {
		return Change{}, errGranted
	}
	r = r.withoutItem(i)
	if s.theirs <= upTo {
		r = r.withoutRequest(contact)
	}
	return Change{Roster: r}, nil
}

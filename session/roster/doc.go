// Package roster is a user's contact list (RFC 6121, section 2) and the states
// of presence subscriptions (section 3 and appendix A). It is pure: it reads no
// clock and does no input or output. How two users' rosters come to say the same
// is here too ([Send], [Cancel], [Agree]), over an interface to the store ([Ends]).
//
// A [Roster] never changes. An operation returns a [Change] with another roster
// that shares what is the same, so readers need no lock and a writer can offer
// the new one to a store that compares and sets. A nil *Roster is the empty
// roster of an account that has no document yet.
//
//	r, err := roster.Decode(doc.Revision, doc.Data)
//	c, err := r.Set(contact, name, groups) // what a user does, or Outbound; a contact: Inbound
//	err = put(c.Roster.Encode())
//	changed := roster.Diff(r, c.Roster) // is pushed to the user's clients
//
// Its two parts are the items, which the user's clients see, and the requests:
// whole stanzas of type subscribe that the user hasn't answered, which are not
// part of the visible roster (appendix A.1) and are delivered again at each
// initial presence (section 3.1.3). A contact may have either, or both.
//
// The limits keep the document within events.MaxDocument: see [MaxItems],
// [MaxItemBytes], [MaxRequests], [MaxRequestBytes]. At a limit the operation
// fails with [ErrFull] and nothing changes. A stranger who sends requests can
// fill the room for requests only, not that for items.
package roster

package roster

import (
	"errors"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Two rosters hold a subscription: that of the watcher, whose user asks and gets
// presence, and that of the owner, whose user is asked and gives it. They are two
// documents, each changed by compare-and-set, so that what both users do at once,
// on any connectors, comes to either in any order. Two rules keep them together:
//
//   - Whoever gets presence by its own roster is given it by the other's, at every
//     moment. So a grant is written at the owner first, and a refusal at the
//     watcher first. Requests have numbers, so that a grant or a refusal that
//     comes late leaves a newer request alone.
//   - Whoever has changed one of the two brings the other after it, and looks at
//     both until they say the same (Agree). So the result is right whoever is the
//     last to look. The next Agree does what a connector that died has left
//     undone.

// Ends reaches the rosters of both sides, and tells their users.
type Ends interface {
	// Read gives an account's roster as it is now.
	Read(account events.JID) (*Roster, error)
	// Change changes it by compare-and-set. It may call by several times, and
	// fails with by's error.
	Change(account events.JID, by func(*Roster) (Change, error)) (Change, error)
	// Admits reports that a request may come to an account: it exists and does not
	// block the user.
	Admits(account, user events.JID) (bool, error)
	// Stanza is what is shown to the account of a stanza of kind k that the user
	// has sent, or the server in the user's name; nil: nothing. A request is never
	// nil. The roster owns it.
	Stanza(account, user events.JID, k Kind) []byte
	// Granted is called when a watcher gets an owner's presence from now on.
	Granted(owner, watcher events.JID)
}

var (
	// errGranted: a request that came after the refusal had begun was granted.
	errGranted = errors.New("a newer request was granted")
	// ErrBusy: both users changed the subscription again and again meanwhile.
	ErrBusy = errors.New("the subscription changes too often")
)

// maxRounds bounds how often one looks at the two rosters. Each round but the last
// changes one of them, or finds that somebody else has.
const maxRounds = 64

// Send carries out a stanza of kind k that a user has sent to a contact (RFC 6121,
// section 3). An error of e, or ErrBusy, may leave the two rosters apart, but no
// watcher without a grant.
func Send(e Ends, user, contact events.JID, k Kind) error {
	if k == Unsubscribed {
		err := refuse(e, user, contact, func(r *Roster, upTo number) (Change, error) { return r.refuse(contact, upTo) })
		if err != nil {
			return err
		}
		return Agree(e, contact, user)
	}
	if _, err := e.Change(user, func(r *Roster) (Change, error) { return r.Outbound(contact, k) }); err != nil {
		return err
	}
	if k == Subscribed {
		return Agree(e, contact, user)
	}
	return Agree(e, user, contact)
}

// Cancel removes a contact from a user's roster, and with it both subscriptions
// (RFC 6121, section 2.5.2). Its errors are those of [Roster.Remove] and of Send;
// the item may be gone all the same.
func Cancel(e Ends, user, contact events.JID) error {
	r, err := e.Read(user)
	if err != nil {
		return err
	}
	if _, err := r.Remove(contact); err != nil {
		return err
	}
	err = refuse(e, user, contact, func(r *Roster, upTo number) (Change, error) { return r.remove(contact, upTo) })
	if err != nil && !errors.Is(err, ErrNoItem) { // somebody else has just removed it
		return err
	}
	return errors.Join(err, Agree(e, user, contact), Agree(e, contact, user))
}

// refuse ends what the contact gets of the user: the contact loses sight before
// the user's roster says that it has. by changes that, or fails with errGranted;
// then it is asked again.
func refuse(e Ends, user, contact events.JID, by func(*Roster, number) (Change, error)) error {
	for range maxRounds {
		r, err := e.Read(user)
		if err != nil {
			return err
		}
		s := r.state(contact)
		if s.known() {
			if err := receive(e, contact, user, Unsubscribed, s.upTo()); err != nil {
				return err
			}
		}
		_, err = e.Change(user, func(r *Roster) (Change, error) { return by(r, s.upTo()) })
		if !errors.Is(err, errGranted) {
			return err
		}
	}
	return ErrBusy
}

// Agree brings the rosters of a watcher and an owner together, whatever was left
// undone. It does nothing that neither user has asked for. Its errors are those of
// e, and ErrBusy.
func Agree(e Ends, watcher, owner events.JID) error {
	var seen number // at the owner, before the watcher was looked at
	for range maxRounds {
		// The watcher first: otherwise a grant that comes between the two looks
		// would seem to be missing.
		w, err := e.Read(watcher)
		if err != nil {
			return err
		}
		o, err := e.Read(owner)
		if err != nil {
			return err
		}
		theirs := o.state(watcher)
		next := between(w.state(owner), max(seen, w.Version()), theirs)
		seen = theirs.theirs
		switch next.what {
		case nothing:
			return nil
		case ask:
			ok, failed := e.Admits(owner, watcher)
			if failed != nil || !ok {
				return failed // nil for an unknown contact: silently (RFC 6121, 8.5.1)
			}
			err = receive(e, owner, watcher, Subscribe, next.request)
		case withdraw:
			err = receive(e, owner, watcher, Unsubscribe, next.request)
		case grant:
			err = receive(e, watcher, owner, Subscribed, next.request)
		case revoke:
			err = receive(e, watcher, owner, Unsubscribed, next.request)
		}
		if err != nil {
			return err
		}
	}
	return ErrBusy
}

// A gap is what is missing between two rosters that say the same.
type gap struct {
	what    int
	request number
}

const (
	nothing  = iota
	look     // again: the watcher's roster is older than what the owner's says
	ask      // the watcher's request arrives
	withdraw // its end does
	grant    // the owner's answer does
	revoke   // the owner's refusal does, which an older program has not brought there
)

// between says what is missing between the watcher's state and the owner's.
// Requests up to known were made before the watcher's state was so, which counts
// then.
func between(w state, known number, o state) gap {
	wanted := w.to || w.ask
	switch {
	case !o.known() && w.to:
		return gap{revoke, w.ours}
	case !o.known() && w.ask:
		return gap{ask, w.ours}
	case !o.known():
		return gap{what: nothing}
	case !wanted || !same(w.ours, o.theirs):
		return apart(w, known, o)
	case w.ask && o.from:
		return gap{grant, o.theirs}
	case w.to && o.pendingIn:
		return gap{revoke, w.ours}
	}
	return gap{what: nothing}
}

// apart is between for an owner that knows of another request than the watcher.
func apart(w state, known number, o state) gap {
	switch {
	case o.theirs > known: // no request of the watcher's roster is newer than that
		return gap{what: look}
	case w.to:
		return gap{revoke, w.ours}
	}
	return gap{withdraw, o.theirs}
}

// receive lets a stanza of the user's arrive at the account. An answer to a
// stanza of the account's goes into its roster, for its clients (see
// WithNotice).
func receive(e Ends, account, user events.JID, k Kind, request number) error {
	c, err := e.Change(account, func(r *Roster) (Change, error) {
		if k == Subscribe {
			return r.Inbound(user, k, request, e.Stanza(account, user, k))
		}
		c, err := r.Inbound(user, k, request, nil)
		if err == nil && c.Pass {
			if text := e.Stanza(account, user, k); text != nil {
				c.Roster = c.Roster.WithNotice(text)
			}
		}
		return c, err
	})
	if err == nil && k == Subscribed && c.Pass {
		e.Granted(user, account)
	}
	return err
}

package presence

import (
	"cmp"
	"context"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Blocking: XEP-0191. A block list is a document that any connector may change;
// every connector follows all of them, decides by them about what its clients
// send, and shows its own clients what a change means for them.
//
// A stanza that passes at the moment in which a list changes elsewhere is stopped
// where the account's client is (session/delivery).

// beginBlocking keeps back what follows from changes until finishBlocking: the
// result of the client's own comes before the push.
func (s *Service) beginBlocking(a *account) {
	s.tail.Lock()
	defer s.tail.Unlock()
	a.blocking = true
}

// finishBlocking applies the changes that beginBlocking kept back, and own, the
// client's, if it was not refused. It answers when own decides about stanzas
// that are sent: the client may rely on that.
func (s *Service) finishBlocking(a *account, own *blockList, answer func()) {
	s.tail.Lock()
	defer s.tail.Unlock()
	lists := a.unapplied
	a.blocking, a.unapplied = false, nil
	if own != nil {
		lists = append(lists, own)
	}
	slices.SortStableFunc(lists, func(x, y *blockList) int { return cmp.Compare(x.revision, y.revision) })
	for _, list := range lists {
		if own != nil && list.revision == own.revision {
			s.turn(a.jid, list, answer)
			own = nil
			continue
		}
		s.turn(a.jid, list, nil)
	}
}

// FollowBlocked applies the changes of block lists, wherever they are made. No
// client is bound before it has read all that there are. It returns when ctx
// ends, or with an error if the documents are not those that it began with.
func (s *Service) FollowBlocked(ctx context.Context) error {
	if s.cfg.Blocked == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	var newest uint64
	return events.Follow(ctx, s.cfg.Blocked, events.Follower{
		Begin: func(last uint64) (after uint64) {
			if newest = last; newest == 0 {
				s.blocks.load()
			}
			return 0
		},
		Changed: func(doc events.Document) {
			if list, err := decodeBlockList(doc); err != nil {
				s.cfg.Logger.Error("block list refused", "account", doc.JID.String(), "error", err)
			} else {
				s.applyBlocked(doc.JID, list)
			}
			if doc.Revision >= newest {
				s.blocks.load()
			}
		},
	})
}

// applyBlocked makes a list the account's, at its time.
func (s *Service) applyBlocked(account events.JID, next *blockList) {
	s.tail.Lock()
	defer s.tail.Unlock()
	if a := s.index.account(account); a != nil && a.blocking {
		a.unapplied = append(a.unapplied, next)
		return
	}
	s.turn(account, next, nil)
}

// Stops reports that a stanza of the client goes no further, as one of the two, its
// sender or its recipient, blocks the other. The error, if there is one, is for the
// sender: it is told that it blocks the recipient (XEP-0191, 3.3), but not that the
// recipient blocks it, for that is as if nobody were there. Subscriptions pass,
// because both rosters are to fit together.
func (res *Resource) Stops(el *stanza.Element, to events.JID) (bool, error) {
	blocks := res.srv.blocks
	if to.Local() == "" || !blocks.between(res.jid, to) {
		return false, nil
	}
	if blocks.of(res.home.jid).blocks(to) {
		return true, &stanza.Error{
			Condition: stanza.NotAcceptable, Type: stanza.Cancel, App: "<blocked xmlns='urn:xmpp:blocking:errors'/>",
		}
	}
	if el.Local() == "presence" {
		_, passes := roster.ParseKind(el.Type())
		return !passes, nil
	}
	if t := el.Type(); t == "error" || t == "result" {
		return true, nil
	}
	return true, &stanza.Error{Condition: stanza.ServiceUnavailable}
}

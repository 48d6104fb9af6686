package replay

import (
	"fmt"
	"math/rand/v2"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// live lets random things happen to a few accounts: n commands, those that are
// refused not counted. Now and then there is a record that no Decide would write,
// or one that can't be decoded.
func (w *world) live(random *rand.Rand, n int) {
	w.t.Helper()
	for n > 0 {
		account := jid(fmt.Sprintf("u%d@localhost", random.IntN(5)))
		switch random.IntN(20) {
		case 0:
			w.poison()
		case 1:
			w.append(events.Record{Session: w.someSession(random, w.accounts[account]), JID: account, Event: nonsense(random)})
		default:
			steps, err := session.Decide(w.accounts[account], w.someCommand(random, w.accounts[account]))
			if err != nil || len(steps) == 0 {
				continue
			}
			w.write(account, steps)
		}
		n--
	}
}

// someSession is one of the account's, or one that there never was.
func (w *world) someSession(random *rand.Rand, a *session.Account) events.SessionID {
	if a != nil && len(a.Sessions()) > 0 && random.IntN(4) > 0 {
		return a.Sessions()[random.IntN(len(a.Sessions()))].ID
	}
	return events.SessionID{0: 's', 14: byte(w.last() >> 8), 15: byte(w.last())}
}

func (w *world) someCommand(random *rand.Rand, a *session.Account) session.Command {
	id := w.someSession(random, a)
	resource, priority := string(rune('a'+random.IntN(3))), int8(random.IntN(4)-1)
	commands := [...]session.Command{
		session.Authenticate{Session: w.someSession(random, nil), AsOf: 1 << 60, Address: fmt.Sprintf("192.0.2.%d:5", random.IntN(9))},
		session.Bind{Session: id, Resource: resource},
		session.BecomeAvailable{Session: id, Priority: priority, Stanza: fmt.Sprintf("<presence>%d</presence>", priority)},
		session.BecomeUnavailable{Session: id},
		session.RequestRoster{Session: id},
		session.DirectPresence{Session: id, To: jid("dave@localhost"), Available: random.IntN(2) == 0},
		session.EnableStreamManagement{Session: id, Resumable: true, Max: 60, TokenHash: "h"},
		session.Detach{Session: id, Now: int64(w.last()) * 1e9},
		session.Resume{Session: w.someSession(random, a), Previous: id, TokenHash: "h"},
		session.Close{Session: id, Reason: events.ReasonClient},
		session.Kick{Resource: resource, Text: "away"},
		session.ChangePassword{},
	}
	return commands[random.IntN(len(commands))]
}

func nonsense(random *rand.Rand) events.Event {
	all := [...]events.Event{
		events.Authenticated{}, events.Bound{}, events.PresenceAvailable{Priority: 9}, events.Resumed{}, events.Closed{},
		events.Refreshed{Since: 7, Available: true, Presence: "<presence>wild</presence>", PresenceAt: 8}, events.Unknown{Code: 250, Fields: []byte{0x90}},
	}
	return all[random.IntN(len(all))]
}

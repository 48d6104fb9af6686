package c2s

import (
	"net/netip"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/bans"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// Networks that nobody may connect from. New connections are refused in package stream; here
// end those that are there, and sessions that wait for a connection.

// EnforceBans ends whatever is there from networks that Config.Bans has. It begins with that
// and does not wait.
func (s *Server) EnforceBans() {
	s.streams.EndRefused(func(ip netip.Addr) stream.Ending {
		ban, _ := s.cfg.Bans.Of(ip)
		return bannedEnding(&ban)
	})
	for _, cl := range s.hub.detached() {
		at := s.cfg.Table.Account(cl.account).Session(cl.session)
		if at == nil {
			continue
		}
		if e, banned := s.banOf(at); banned {
			cl.endSoon(e)
		}
	}
}

// banOf is how a session ends whose client was at a banned address when it was seen last.
func (s *Server) banOf(at *session.Session) (stream.Ending, bool) {
	address, err := netip.ParseAddrPort(at.Address())
	if err != nil {
		return stream.Ending{}, false
	}
	ban, banned := s.cfg.Bans.Of(address.Addr())
	return bannedEnding(&ban), banned
}

func bannedEnding(b *bans.Ban) stream.Ending {
	text := "connections from your address are refused"
	if !b.Until.IsZero() {
		text += " until " + b.Until.UTC().Format(time.RFC3339)
	}
	return stream.Ending{
		Err:    &stanza.StreamError{Condition: stanza.StreamPolicyViolation, Text: reasoned(text, b.Reason)},
		Reason: events.ReasonBanned,
		Text:   b.Reason,
		By:     b.By,
	}
}

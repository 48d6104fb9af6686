package session_test

import (
	"fmt"
	"math"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Generators draw from so few names that they meet.

var (
	genSession = rapid.Custom(func(t *rapid.T) events.SessionID {
		return id(fmt.Sprintf("s%d", rapid.IntRange(1, 6).Draw(t, "session")))
	})
	genConn = rapid.Custom(func(t *rapid.T) events.ConnID {
		return connID(rapid.SampledFrom([]string{"", "k1", "k2"}).Draw(t, "conn"))
	})
	genRole      = rapid.SampledFrom([]string{"", "member", "admin", "support", "night-shift"})
	genResource  = rapid.SampledFrom([]string{"desk", "phone", "web"})
	genToken     = rapid.SampledFrom([]string{"", "t1", "t2"})
	genReason    = rapid.SampledFrom([]events.Reason{events.ReasonClient, events.ReasonConnectionLost, events.ReasonTimeout})
	genTo        = rapid.SampledFrom(others)
	genAddress   = rapid.SampledFrom([]string{"", "192.0.2.1:50123", "[2001:db8::1]:50124", "somewhere"})
	genConnector = rapid.Custom(func(t *rapid.T) events.Incarnation {
		return events.Incarnation{
			Name:  rapid.SampledFrom([]string{"c1", "c2"}).Draw(t, "connector"),
			Epoch: rapid.Uint64Range(1, 2).Draw(t, "epoch"),
		}
	})
)

func mustJID(s string) events.JID {
	j, err := events.ParseJID(s)
	if err != nil {
		panic(err)
	}
	return j
}

var alice = mustJID("alice@example.org")

func genCommand(now int64) *rapid.Generator[session.Command] {
	return rapid.Custom(func(t *rapid.T) session.Command {
		s := genSession.Draw(t, "s")
		switch rapid.IntRange(0, 16).Draw(t, "command") {
		case 0, 1:
			return session.Authenticate{Session: s, AsOf: math.MaxUint64, Role: genRole.Draw(t, "role")}
		case 2, 3:
			return session.Bind{
				Session: s, Resource: rapid.SampledFrom([]string{"", "desk", "phone"}).Draw(t, "resource"),
				Generated: genResource.Draw(t, "generated"),
				Conflict:  rapid.SampledFrom([]session.Conflict{session.Replace, session.Refuse, session.Rename}).Draw(t, "policy"),
				Limit:     rapid.IntRange(0, 3).Draw(t, "limit"),
			}
		case 4:
			return session.RequestRoster{Session: s}
		case 5, 6:
			return session.BecomeAvailable{Session: s, Priority: rapid.Int8Range(-2, 2).Draw(t, "priority"), Stanza: "<presence/>"}
		case 7:
			return session.BecomeUnavailable{Session: s}
		case 8:
			return session.DirectPresence{Session: s, To: genTo.Draw(t, "to"), Available: rapid.Bool().Draw(t, "available")}
		case 9:
			return session.SwitchCarbons{Session: s, On: rapid.Bool().Draw(t, "on")}
		case 10:
			token := genToken.Draw(t, "token")
			return session.EnableStreamManagement{Session: s, Resumable: token != "", Max: 5, TokenHash: token}
		case 11:
			return session.Detach{Session: s, Reason: genReason.Draw(t, "reason"), Now: now}
		case 12, 13:
			return session.Resume{Session: s, Previous: genSession.Draw(t, "previous"), TokenHash: genToken.Draw(t, "token"), Now: now}
		case 14:
			return session.Close{Session: s, Reason: genReason.Draw(t, "reason")}
		case 15:
			return session.TakeRole{Session: s, Role: genRole.Draw(t, "role"), AsOf: math.MaxUint64}
		}
		return genAccountCommand(t, now)
	})
}

func genAccountCommand(t *rapid.T, now int64) session.Command {
	return rapid.SampledFrom([]session.Command{
		session.Kick{}, session.Kick{Resource: "desk", By: "cli root@example"}, session.Kick{Session: genSession.Draw(t, "kicked")},
		session.Fence{Lost: genConnector.Draw(t, "lost"), Keep: rapid.Bool().Draw(t, "keep"), Now: now}, session.Expire{Now: now},
		session.CreateAccount{}, session.RemoveAccount{By: "token house"},
		session.DisableAccount{}, session.DisableAccount{Until: now + 5, Resource: "desk", Reason: events.ReasonKicked}, session.EnableAccount{By: "cli root@example"},
		session.ChangeRole{
			Role: genRole.Draw(t, "new role"), Was: genRole.Draw(t, "old role"), NoLess: rapid.Bool().Draw(t, "no less"),
			Assumable: []string{genRole.Draw(t, "assumable")},
		},
		session.ChangePassword{}, session.ChangePassword{Except: genSession.Draw(t, "except")},
	}).Draw(t, "account command")
}

// genNonsense draws events that no Decide would put where they are.
var genNonsense = rapid.Custom(func(t *rapid.T) events.Event {
	return rapid.SampledFrom([]events.Event{
		events.Authenticated{}, events.Bound{}, events.RosterRequested{},
		events.PresenceAvailable{Priority: rapid.Int8().Draw(t, "priority"), Stanza: "<presence/>"},
		events.PresenceUnavailable{},
		events.PresenceDirected{To: genTo.Draw(t, "to"), Available: rapid.Bool().Draw(t, "available")},
		events.StreamManagementEnabled{Resumable: rapid.Bool().Draw(t, "resumable"), Max: rapid.Uint32().Draw(t, "max"), TokenHash: genToken.Draw(t, "token")},
		events.Detached{Until: rapid.Int64().Draw(t, "until")}, events.Resumed{Address: genAddress.Draw(t, "address")},
		events.CarbonsEnabled{}, events.CarbonsDisabled{}, events.Closed{Reason: genReason.Draw(t, "reason")},
		events.AccountCreated{}, events.PasswordChanged{}, events.AccountRemoved{}, events.AccountDisabled{}, events.AccountEnabled{},
		events.RoleTaken{Role: genRole.Draw(t, "taken")}, events.RoleChanged{Role: genRole.Draw(t, "new"), Was: genRole.Draw(t, "was")},
		genRefreshed(t), events.Connected{}, events.Unknown{Code: 200},
	}).Draw(t, "event")
})

// others are JIDs that presence is directed to.
var others = []events.JID{mustJID("bob@example.org"), mustJID("carol@example.org/x"), mustJID("room@muc.example.org/a")}

func genRefreshed(t *rapid.T) events.Refreshed {
	is := func(what string) bool { return rapid.Bool().Draw(t, what) }
	return events.Refreshed{
		Conn: genConn.Draw(t, "conn"), Since: rapid.Int64().Draw(t, "since"),
		Interested: is("interested"), Carbons: is("carbons"), Available: is("available"), Priority: rapid.Int8().Draw(t, "priority"),
		Presence: "<presence/>", PresenceAt: rapid.Int64Range(1, 9).Draw(t, "presence at"),
		Managed: is("managed"), Resumable: is("resumable"), Max: rapid.Uint32().Draw(t, "max"), TokenHash: genToken.Draw(t, "token"),
		Detached: is("detached"), Until: rapid.Int64().Draw(t, "until"),
		// Not of genTo: a slice names its generator at the first draw, which races with
		// other tests that draw from the same one.
		Directed: rapid.SliceOfNDistinct(rapid.SampledFrom(others), 0, 2, events.JID.String).Draw(t, "directed"),
		Address:  genAddress.Draw(t, "address"),
		Role:     genRole.Draw(t, "role"),
	}
}

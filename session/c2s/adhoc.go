package c2s

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/commands"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// Ad-hoc commands of the server: XEP-0050 and XEP-0133, which package commands carries
// out. Here is how a client asks, and what the commands need of the connector.

// Administration is what commands need beside the connector.
type Administration struct {
	Accounts commands.Accounts
	// Sessions gives all accounts that have sessions, to a function, as they are at one
	// moment. The projector's table does.
	Sessions func(read func(events.Position, iter.Seq[*session.Account]))
	// Record is that of commands.Config.
	Record func(ctx context.Context, by events.Actor, command string, about events.JID) error
}

var adHocCommands = extension{
	features: []string{commands.NS},
	on:       func(c *Config) bool { return c.Administration != nil },
	requests: []answer{{space: commands.NS, local: "command", at: atServer, set: runCommand}},
}

func (s *Server) commandsConfig() commands.Config {
	return commands.Config{
		Accounts: s.cfg.Administration.Accounts, Roles: s.cfg.Roles, Record: s.cfg.Administration.Record,
		Served: s.router.Served,
		Own: func(domain string) bool {
			return s.router.Served(domain) && s.users(events.StoredJID(domain)).Own()
		},
		Guest: s.isGuest, Online: s.everybody, LastSeen: s.lastSeen, Announce: s.Announce,
		AsOf: func() events.Seq { return s.cfg.Table.Position().Seq }, TakeRole: s.takeRole,
	}
}

// requester is the client as commands see it.
func (cl *client) requester() commands.Requester {
	r := commands.Requester{JID: cl.jid, Role: cl.role.Load()}
	if c := cl.link.Load(); c != nil {
		if at, err := netip.ParseAddrPort(c.Address()); err == nil {
			r.Address = at.Addr()
		}
	}
	return r
}

// runCommand is XEP-0050, 3.
func runCommand(cl *client, r *request) error {
	ctx, cancel := context.WithTimeout(context.Background(), loginTime)
	defer cancel()
	answer, err := cl.srv.commands.Run(ctx, cl.requester(), r.payload)
	if err == nil {
		cl.result(r.iq, answer)
		return nil
	}
	if refusal, ok := errors.AsType[*stanza.Error](err); ok {
		return refusal
	}
	// It is about others' accounts: the client's own stream goes on, whatever has become of them.
	cl.srv.cfg.Logger.Warn("command not carried out, or not all of it", "error", err)
	return &stanza.Error{Condition: stanza.InternalServerError, Type: stanza.Wait, Text: "it is not certain what was done; look before you repeat it"}
}

// commandItems lists the commands that the client may use (XEP-0050, 2.2).
func commandItems(cl *client, r *request) error {
	b := appendDisco(nil, r)
	for _, item := range cl.srv.commands.Items(cl.requester()) {
		b = stanza.AppendAttr(append(b, "<item"...), "jid", cl.account.Domain())
		b = append(stanza.AppendAttr(stanza.AppendAttr(b, "node", item.Node), "name", item.Name), "/>"...)
	}
	cl.result(r.iq, string(append(b, "</query>"...)))
	return nil
}

// commandInfo tells of one command, or of their list (XEP-0050, 2.2 and 2.3).
func commandInfo(cl *client, r *request, node string) error {
	kind, name, features := "command-list", "Commands", ""
	if node != commands.NS {
		item, err := cl.srv.commands.Info(cl.requester(), node)
		if err != nil {
			return err
		}
		kind, name = "command-node", item.Name
		features = "<feature var='" + commands.NS + "'/><feature var='" + stanza.NSForms + "'/>"
	}
	b := append(appendDisco(nil, r), "<identity category='automation' type='"+kind+"'"...)
	b = append(stanza.AppendAttr(b, "name", name), "/>"+features+"</query>"...)
	cl.result(r.iq, string(b))
	return nil
}

// everybody gives all accounts that have sessions.
func (s *Server) everybody() iter.Seq[*session.Account] {
	return func(yield func(*session.Account) bool) {
		s.cfg.Administration.Sessions(func(_ events.Position, accounts iter.Seq[*session.Account]) { accounts(yield) })
	}
}

// lastSeen is when an account was available last, as last activity has it.
func (s *Server) lastSeen(account events.JID) (time.Time, error) {
	if len(s.cfg.Table.Account(account).Available()) > 0 {
		return time.Now(), nil
	}
	svc := s.service.Load()
	if svc == nil {
		return time.Time{}, events.ErrUnavailable
	}
	p, err := (&partings{log: svc.Log(), limits: s.cfg.Limits}).last(account)
	return p.at, err
}

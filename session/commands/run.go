package commands

import (
	"context"
	"errors"
	"iter"
	"net/netip"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/bans"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// NS is the namespace of commands, and the node that lists them.
const NS = "http://jabber.org/protocol/commands"

// Accounts are changed by their methods, which say so in the log. accounts.Admin is one.
type Accounts interface {
	Credentials(ctx context.Context, account events.JID) (*auth.Credentials, error)
	Create(ctx context.Context, by events.Actor, account events.JID, password string) error
	SetPassword(ctx context.Context, by events.Actor, account events.JID, password string) ([]*session.Session, error)
	Kick(ctx context.Context, account events.JID, k session.Kick) ([]*session.Session, events.Seq, error)
	Disable(ctx context.Context, account events.JID, c session.DisableAccount) ([]*session.Session, events.Seq, error)
	Enable(ctx context.Context, by events.Actor, account events.JID) (events.Seq, error)
	SetRole(ctx context.Context, by events.Actor, account events.JID, set *roles.Set, role, why string) ([]*session.Session, error)
	Ban(ctx context.Context, b bans.Ban) (events.Seq, error)
	Unban(ctx context.Context, by events.Actor, network netip.Prefix) (events.Seq, error)
	ListBans(ctx context.Context) ([]bans.Ban, error)
}

// Config is what a Service needs. All fields are required.
type Config struct {
	Accounts Accounts
	Roles    *roles.Set
	// Own reports a domain that is served and whose passwords are kept here; Served
	// reports any that is served.
	Own, Served func(domain string) bool
	// Guest reports an account of which there is no record, and whose session is a guest's.
	Guest func(account events.JID) bool
	// Online gives all accounts that have sessions.
	Online func() iter.Seq[*session.Account]
	// LastSeen is when an account was online last; events.ErrNotFound if that is not known.
	LastSeen func(account events.JID) (time.Time, error)
	// AsOf is a place in the log up to which what is read next is no older.
	AsOf func() events.Seq
	// TakeRole gives a session, by its full JID, another role of its account, as that was
	// after AsOf; session.ErrRekeyed if it was changed since.
	TakeRole func(ctx context.Context, client events.JID, role string, asOf events.Seq) error
	// Announce sends a message of the server to all who are online at a domain, and
	// reports to how many accounts.
	Announce func(domain events.JID, subject, body string) int
	// Record puts on record that a command was carried out, before it is: what can't be
	// put on record is not done. About is zero where no one account is meant.
	Record func(ctx context.Context, by events.Actor, command string, about events.JID) error
}

// A Service carries out commands. It is for any goroutine.
type Service struct {
	cfg     Config
	waiting waiting
}

// New returns a service.
func New(cfg Config) *Service { return &Service{cfg: cfg, waiting: newWaiting()} }

// A Requester is the client that asks, and with which role.
type Requester struct {
	JID     events.JID // full
	Role    *roles.Role
	Address netip.Addr // that it comes from; zero: not known
}

func (r *Requester) may(c *command) bool { return r.Role.May(roles.Commands) && r.Role.May(c.needs) }

func (r *Requester) actor() events.Actor { return events.Actor(r.JID.String()) }

// An Item is a command that there is for a client.
type Item struct{ Node, Name string }

// Items lists the commands that the client may use (XEP-0050, 2.2).
func (s *Service) Items(r Requester) (list []Item) {
	for i := range known {
		if c := &known[i]; r.may(c) {
			list = append(list, Item{c.node(), c.title})
		}
	}
	return list
}

// Info is one of them (XEP-0050, 2.3). It fails with item-not-found, and with forbidden.
func (s *Service) Info(r Requester, node string) (Item, error) {
	c, err := s.find(r, node)
	if err != nil {
		return Item{}, err
	}
	return Item{node, c.title}, nil
}

func (s *Service) find(r Requester, node string) (*command, error) {
	i := slices.IndexFunc(known, func(c command) bool { return c.node() == node })
	if i < 0 {
		return nil, &stanza.Error{Condition: stanza.ItemNotFound}
	}
	if c := &known[i]; r.may(c) {
		return c, nil
	}
	return nil, &stanza.Error{Condition: stanza.Forbidden}
}

// refuse is an error with a condition of XEP-0050's own (4.2).
func refuse(c stanza.Condition, own, text string) error {
	return &stanza.Error{Condition: c, App: "<" + own + " xmlns='" + NS + "'/>", Text: text}
}

func badPayload(text string) error { return refuse(stanza.BadRequest, "bad-payload", text) }

// Run takes a command's element and returns the one that answers it, or an error: a
// *stanza.Error is an answer, any other is about the log or a store.
func (s *Service) Run(ctx context.Context, r Requester, el *stanza.Element) (answer string, err error) {
	node, id, action := el.Attr("node"), el.Attr("sessionid"), el.Attr("action")
	c, err := s.find(r, node)
	if err != nil {
		return "", err
	}
	if !slices.Contains([]string{"", "execute", "complete", "cancel", "next", "prev"}, action) {
		return "", refuse(stanza.BadRequest, "malformed-action", "")
	}
	if id == "" {
		return s.begin(ctx, r, c, action)
	}
	if err := s.waiting.find(id, r.JID, c.name); err != nil {
		return "", err
	}
	form := formOf(el)
	switch {
	case action == "next" || action == "prev":
		return "", refuse(stanza.BadRequest, "bad-action", "there is one form only: complete it, or cancel")
	case action == "cancel" || form.kind == "cancel":
		s.waiting.end(id)
		return reply(node, id, "canceled", ""), nil
	}
	return s.complete(ctx, r, c, id, form)
}

// begin shows the command's form, or carries out one that has none.
func (s *Service) begin(ctx context.Context, r Requester, c *command, action string) (string, error) {
	switch {
	case action == "cancel" || action == "prev":
		return "", refuse(stanza.BadRequest, "bad-sessionid", "")
	case action == "next":
		return "", refuse(stanza.BadRequest, "bad-action", "")
	}
	id := s.waiting.begin(r.JID, c.name)
	if c.fields == nil {
		return s.complete(ctx, r, c, id, form{})
	}
	var offered []string
	if c.offers != nil {
		var err error
		if offered, err = c.offers(ctx, s, r); err != nil {
			return "", err
		}
	}
	return reply(c.node(), id, "executing", "<actions execute='complete'><complete/></actions>"+c.form(offered)), nil
}

// complete carries the command out. What is wrong with the form can be mended: the command
// waits on.
func (s *Service) complete(ctx context.Context, r Requester, c *command, id string, f form) (string, error) {
	if err := c.check(f); err != nil {
		return "", err
	}
	done, err := c.run(&call{Service: s, ctx: ctx, by: r, command: c, form: f})
	if err != nil {
		return "", err
	}
	s.waiting.end(id)
	return reply(c.node(), id, "completed", done), nil
}

func reply(node, id, status, content string) string {
	b := stanza.AppendAttr([]byte("<command xmlns='"+NS+"'"), "node", node)
	b = stanza.AppendAttr(stanza.AppendAttr(b, "sessionid", id), "status", status)
	return string(b) + ">" + content + "</command>"
}

// note says how it went (XEP-0050, 3.5): as info, warn or error.
func note(kind, text string) string {
	return "<note type='" + kind + "'>" + string(stanza.AppendText(nil, text)) + "</note>"
}

// inWords says an error of an account to whoever administers it; ok is false of one that is
// about the log or a store, which is to be tried again.
func inWords(err error) (text string, ok bool) {
	for _, known := range []error{errSelf, errCovered, errGreater, errNotHere, errEnabled, errDomain, errCoveredThere, bans.ErrNoBan, bans.ErrTooMany} {
		if errors.Is(err, known) {
			return known.Error(), true
		}
	}
	switch {
	case errors.Is(err, auth.ErrNoAccount):
		return "there is no such account", true
	case errors.Is(err, auth.ErrPassword):
		return "this password is not possible", true
	case errors.Is(err, events.ErrConflict):
		return "there is such an account already", true
	}
	return "", false
}

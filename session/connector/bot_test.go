package connector_test

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A bot is a connector that speaks no XMPP: it holds one session of its own, which
// is online whenever the connector is, and answers the messages that it gets.
type bot struct {
	*delivery.Router
	account events.JID
	answer  func(from events.JID, text string) (reply string)
	inbox   chan *stanza.Element
	service *session.Service
	held    delivery.Sessions // one, while it is online
	session *delivery.Recipient
	sender  atomic.Pointer[delivery.Sender]
}

func (b *bot) do(c session.Command) (*session.Account, events.Position, error) {
	return b.service.Do(context.Background(), b.account, events.ConnID{}, c)
}

func (b *bot) Begin(svc *session.Service) {
	b.Router.Begin(svc)
	b.service = svc
	id := events.NewSessionID(time.Now())
	b.do(session.Authenticate{Session: id})
	bound, at, err := b.do(session.Bind{Session: id, Resource: "bot", Generated: id.String()})
	if err != nil {
		return
	}
	sender := delivery.NewSender(b.Router, bound.Session(id).JID(), at)
	b.sender.Store(&sender)
	b.session = delivery.NewRecipient(b.Router, id, b.account, b.pass)
	b.held.Add(b.session)
	b.session.BecomeReceptive(func() error {
		_, sender.After, err = b.do(session.BecomeAvailable{Session: id, Stanza: "<presence/>"})
		return err
	})
}

func (b *bot) pass(o delivery.Outgoing) bool {
	el, err := stanza.Parse(o.Stanza, stanza.NSClient, stanza.Limits{})
	if err != nil || len(b.inbox) == cap(b.inbox) {
		return false
	}
	b.inbox <- el
	return true
}

func (b *bot) converse(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case el := <-b.inbox:
			if from, err := el.From(); err == nil && el.Body() != "" {
				if reply, err := stanza.NewMessage("chat", b.answer(from, el.Body())); err == nil && reply.Body() != "" {
					b.sender.Load().Send(reply, from)
				}
			}
		}
	}
}

func (b *bot) Suspend() { b.session.End(func() bool { return b.held.Remove(b.session) }) }

func (b *bot) Shutdown(context.Context) error {
	b.Suspend()
	_, _, err := b.do(session.Kick{Resource: "bot"})
	return err
}

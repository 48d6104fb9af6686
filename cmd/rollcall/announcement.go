package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// announceVerb is what a connector is asked for. Its first part makes it an order: whoever may
// only ask (bus.RoleAuditor) may not.
const (
	announceVerb  = "do.announce"
	announceQueue = "connectors"
)

// announceTime bounds the wait for the connector's table.
const announceTime = 20 * time.Second

// An announcement is one as a connector is asked for it.
type announcement struct {
	After   events.Position `json:"after"`        // whoever was online then gets it
	To      string          `json:"to,omitempty"` // a domain or an account; "": everybody
	Subject string          `json:"subject,omitempty"`
	Body    string          `json:"body"`
}

// announced is the answer.
type announced struct {
	Accounts int `json:"accounts"` // that it was sent to
}

// addressee is zero for everybody.
func (a *announcement) addressee() (to events.JID, err error) {
	if a.To == "" {
		return to, nil
	}
	if to, err = events.ParseJID(a.To); err == nil && to.Resource() != "" {
		err = fmt.Errorf("%s is a session: give a domain or an account", to)
	}
	return to, err
}

// answerAnnouncements sends those that the command line asks for, until ctx ends.
func (c *xmppConnector) answerAnnouncements(ctx context.Context) error {
	stop, err := c.bus.Courier().Answer(announceVerb, announceQueue, func(ctx context.Context, request []byte, send func([]byte) error) error {
		n, err := c.announceAsAsked(ctx, request)
		if err != nil {
			return err
		}
		answer, err := json.Marshal(announced{n})
		if err != nil {
			return err
		}
		return send(answer)
	})
	if err != nil {
		return unlessOver(ctx, err)
	}
	defer stop()
	<-ctx.Done()
	return nil
}

// announceAsAsked checks what whoever reaches NATS may ask for, and sends it.
func (c *xmppConnector) announceAsAsked(ctx context.Context, request []byte) (accounts int, err error) {
	var a announcement
	if len(request) > 8*maxAnnouncement { // of which JSON takes six for some bytes
		return 0, errors.New("no announcement: it is too long")
	}
	if err := json.Unmarshal(request, &a); err != nil {
		return 0, fmt.Errorf("no announcement: %w", err)
	}
	if err := a.check(); err != nil {
		return 0, err
	}
	to, err := a.addressee()
	if err != nil {
		return 0, err
	}
	ctx, cancel := context.WithTimeout(ctx, announceTime)
	defer cancel()
	if err := c.table.WaitFor(ctx, a.After); err != nil {
		return 0, fmt.Errorf("the connector is behind the log: %w", err)
	}
	return c.server.Announce(to, a.Subject, a.Body), nil
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of an announcement, in bytes.
const (
	maxAnnouncement = 8 << 10
	maxSubject      = 512
)

// newAnnounce tells those who are online something, as the ad-hoc command of XEP-0133 does.
func newAnnounce(con *console) *cobra.Command {
	var (
		svc    service
		a      announcement
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "announce TEXT",
		Short: "Send a message to all who are online, at a domain or to an account",
		Long: "Send a message of the server to all who are online and take messages (their\n" +
			"priority is not negative), at whatever connector. Nothing waits for those who\n" +
			"are away. Admins do the same from their clients, with the ad-hoc command\n" +
			"\"Send Announcement to Online Users\".",
		Example: "  rollcall announce 'We restart at noon, for a minute.'\n" +
			"  rollcall announce --to example.org --subject Tonight 'We move at 22:00.'",
		Args: arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			a.Body = args[0]
			if err := a.check(); err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				n, err := a.ask(ctx, b)
				if err != nil {
					return err
				}
				if asJSON {
					return con.printJSON(announced{n})
				}
				_, err = fmt.Fprintf(con.out, "sent to %s\n", plural(n, "account"))
				return err
			})
		}),
	}
	svc.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&a.To, "to", "", "`DOMAIN|JID` of those who get it (default: everybody)")
	f.StringVar(&a.Subject, "subject", "", "`TEXT` above it, where clients show one")
	f.BoolVar(&asJSON, "json", false, "a JSON object: to how many accounts")
	return cmd
}

// check refuses what can't be sent.
func (a *announcement) check() error {
	for _, text := range []struct {
		name, is string
		most     int
	}{{"TEXT", a.Body, maxAnnouncement}, {"--subject", a.Subject, maxSubject}} {
		switch {
		case len(text.is) > text.most:
			return usagef("%s: %d bytes are more than %d", text.name, len(text.is), text.most)
		case !utf8.ValidString(text.is):
			return usagef("%s: it is not UTF-8", text.name)
		}
	}
	if strings.TrimSpace(a.Body) == "" {
		return usagef("TEXT: there is none")
	}
	to, err := a.addressee()
	if err != nil {
		return usagef("--to: %w", err)
	}
	a.To = to.String()
	return nil
}

// ask has a connector send it, and returns to how many accounts. To nobody is an error.
func (a *announcement) ask(ctx context.Context, b *bus.Bus) (accounts int, err error) {
	info, err := b.Log().Info(ctx)
	if err != nil {
		return 0, err
	}
	a.After = events.Position{Stream: info.Stream, Seq: info.Last}
	request, err := json.Marshal(a)
	if err != nil {
		return 0, err
	}
	var answer announced
	for chunk, err := range b.Courier().Ask(ctx, announceVerb, request) {
		if errors.Is(err, events.ErrUnavailable) {
			return 0, fmt.Errorf("it is not certain whether it was sent: %w", err)
		}
		if err == nil {
			err = json.Unmarshal(chunk, &answer)
		}
		if err != nil {
			return 0, err
		}
	}
	if answer.Accounts > 0 {
		return answer.Accounts, nil
	}
	if a.To == "" {
		return 0, errors.New("sent to nobody: no one is online who takes messages")
	}
	return 0, fmt.Errorf("sent to nobody: no one of %s is online who takes messages", a.To)
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// An invocation is what the command line was asked for.
type invocation struct {
	cmd  *cobra.Command
	args []string
}

// invocationKey is where a verb's context has its invocation.
type invocationKey struct{}

// isPersonal reports the verbs that tell of accounts, or change them, or the log that they
// are in: those that go on record. All of them print or copy sessions and events of people;
// others print facts about the service, which are not personal.
func isPersonal(verb string) bool {
	return slices.Contains([]string{
		"sessions", "history", "events", "tail", "logins", "route", "contacts", "diff", "export", "stats", "audit", "names list", "names erase",
		"kick", "user add", "user import", "user list", "user passwd", "user rm", "user disable", "user enable", "user role", "user export",
		"ban add", "ban rm", "announce", "drain", "token add", "token rm", "feed add", "feed rm",
		"backup", "restore", "log set", "log create", "import", "web",
	}, verb)
}

// putOnRecord says who uses the command line for what, before it is done. The command
// line is for whoever reaches NATS, where it could be passed by: so it says only that
// nothing can be put on record, and goes on, for an operator may have to mend just that.
func putOnRecord(ctx context.Context, b *bus.Bus) {
	i, ok := ctx.Value(invocationKey{}).(invocation)
	if !ok {
		return
	}
	_, verb, _ := strings.Cut(i.cmd.CommandPath(), " ")
	if !isPersonal(verb) {
		return
	}
	var about events.JID
	named := ""
	switch {
	case verb == "announce": // whose argument is a text
		named = i.cmd.Flags().Lookup("to").Value.String()
	case verb == "drain": // whose argument is no account
	case len(i.args) > 0 && !strings.HasPrefix(verb, "token ") && verb != "import":
		named = i.args[0]
	}
	if j, err := events.ParseJID(named); err == nil && j.Local() != "" {
		about = j.Bare()
	}
	if about.IsZero() && filtering[verb] {
		_, terms := jidAndTerms(i.args)
		about = filter.Account(joined(terms))
	}
	if verb == "kick" && about.IsZero() || verb == "audit" {
		return // a kick is put there when it is known whose session is meant, and audit when it has read
	}
	i.putOnRecord(ctx, b, verb, about)
}

// putAbout says whom the command line is about where its words don't say it.
func putAbout(ctx context.Context, b *bus.Bus, account events.JID) {
	if i, ok := ctx.Value(invocationKey{}).(invocation); ok {
		_, verb, _ := strings.Cut(i.cmd.CommandPath(), " ")
		i.putOnRecord(ctx, b, verb, account)
	}
}

func (i *invocation) putOnRecord(ctx context.Context, b *bus.Bus, verb string, about events.JID) {
	e := access.Entry{By: string(operator()), Did: verb, Asked: i.asked(time.Now()), About: about}
	if err := access.Put(ctx, b.Audit(), e); err != nil && ctx.Err() == nil {
		fmt.Fprintf(i.cmd.ErrOrStderr(), "note: this is not on record (rollcall audit): %s\n", oneLine(err))
	}
}

// asked is the command line after the verb, but for where the service is and in what form
// the answer comes. No secret is given there.
func (i *invocation) asked(now time.Time) string {
	words := slices.Clone(i.args)
	i.cmd.Flags().Visit(func(f *pflag.Flag) {
		switch f.Name {
		case "json", "wide", "nats", "nats-context", "creds", "nkey", "nats-user", "nats-password-file", "nats-ca", "nats-cert", "nats-key":
		case "at", "since", "until":
			words = append(words, "--"+f.Name+"="+absolute(f.Value.String(), now))
		default:
			words = append(words, "--"+f.Name+"="+f.Value.String())
		}
	})
	return strings.Join(words, " ")
}

// absolute is a time that was asked for, for whoever reads it on another day and in another
// zone; a sequence is as it was.
func absolute(text string, now time.Time) string {
	m, err := parseMoment(text, now)
	if err != nil || m.Time.IsZero() {
		return text
	}
	return m.Time.UTC().Format(time.RFC3339)
}

// operator names whoever uses the command line, as far as the system says.
func operator() events.Actor {
	name, host := "unknown", "unknown"
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	if h, err := os.Hostname(); err == nil {
		host = h
	}
	return events.Actor("cli " + name + "@" + host)
}

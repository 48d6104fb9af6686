package main

import (
	"bytes"
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

const (
	longName    = "somebody.with.a.very.long.name.who.likes.dots"
	longAccount = longName + "@localhost"
	longPod     = "rollcall-connector-7d9f8b6c54-xk2lq.chat.svc.cluster.local"
	longAddress = "[2001:db8:85a3:1234:5678:8a2e:370:7334]:50000"
)

// Whatever names people, programs and machines have, the lines of all tables fit a terminal;
// with --wide, and where there is no terminal, they have all of it.
func TestTheLinesOfEveryTableFit80Columns(t *testing.T) {
	t.Parallel()
	p := crowdedService(t)
	for _, line := range []string{
		"sessions", "sessions --address", "sessions alice@localhost", "sessions --since 1h", "sessions --connector " + longPod,
		"user list", "names list", "history " + longAccount, "history --since 1h", "events", "logins", "logins type:auth_failed",
		"contacts alice@localhost", "diff --from 1h", "connectors", "connectors --at 25", "token list", "feed list", "ban list", "audit",
		"stats", "stats durations", "stats connectors", "stats users", "stats agents", "stats concurrency",
	} {
		args := strings.Fields(line)
		narrow, note := p.showsOn(t, 80, args...)
		if strings.Count(narrow, "\n") < 2 {
			t.Errorf("%s shows nothing: %s%s", line, narrow, note)
		}
		for text := range strings.Lines(narrow) {
			if n := textWidth(strings.TrimSuffix(text, "\n")); n > 80 {
				t.Errorf("%s: %d columns: %s", line, n, text)
			}
		}
		if shortened := strings.Contains(narrow, ellipsis); shortened != strings.Contains(note, "--wide shows all of it") {
			t.Errorf("%s: shortened %t, and says %q:\n%s", line, shortened, note, narrow)
		}
		wide, note := p.showsOn(t, 80, append(args, "--wide")...)
		if strings.Contains(wide+note, ellipsis) {
			t.Errorf("%s --wide shortens:\n%s", line, wide)
		}
		for _, name := range []string{longAccount, longPod, longAddress} {
			if strings.Contains(withoutBlanks(narrow), name) && !strings.Contains(wide, name) {
				t.Errorf("%s --wide does not have %s, which is shown without:\n%s", line, name, wide)
			}
		}
	}
}

// A verb that takes long, or does not end, has the flag too.
func TestVerbsThatGoOnHaveWideTables(t *testing.T) {
	t.Parallel()
	for _, c := range everyVerb(t) {
		if slices.Contains([]string{"rollcall tail", "rollcall verify", "rollcall bench", "rollcall bench c2s"}, c.CommandPath()) && c.Flags().Lookup("wide") == nil {
			t.Errorf("%s has no --wide", c.CommandPath())
		}
	}
}

func withoutBlanks(s string) string { return strings.NewReplacer(" ", "", "\n", "").Replace(s) }

// showsOn is what a command shows on a terminal of so many columns.
func (p *process) showsOn(t *testing.T, columns int, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var out, said bytes.Buffer
	con := newConsole(strings.NewReader("secret\n"), &out, &said)
	con.screen = columns
	root := newRoot(con)
	root.SetArgs(append(args, "--nats", p.nats()))
	if err := root.ExecuteContext(ctx); err != nil {
		t.Errorf("%q: %v", args, err)
	}
	return out.String(), said.String()
}

// crowdedService has sessions and all else that is listed, with long names.
func crowdedService(t *testing.T) *process {
	p := connectorProcess(t, t.TempDir(), longPod, "--demo", "--nats-listen", "127.0.0.1:0", "--roles", "connector,projector,http,publisher", "--http", "127.0.0.1:0")
	eventually(t, "events are published", func() bool {
		_, err := command(t, "feed", "add", "everything-for-the-warehouse", "--nats", p.nats())
		return err == nil
	})
	for _, line := range []string{
		"user add " + longAccount + " --role operator",
		"user role " + longAccount + " --add admin,member,registered",
		"user disable " + longAccount + " --for 100d --reason why",
		"feed add ends-and-beginnings --event closed,bound,authenticated,detached",
		"token add grafana.monitoring.example.org --scope read,read:address,kick,account:" + longAccount,
		"ban add 2001:db8:85a3:1234:5678:8a2e:370:7334 --for 100d --reason guesses",
		"ban add 2001:db8:85a3:1234::/64 --reason it.comes.back.again.and.again.under.other.names.and.guesses.passwords.of.everybody",
	} {
		p.showsOn(t, 0, strings.Fields(line)...)
	}
	connected(t, p, "bob")
	for _, resource := range []string{"", "Conversations.of-somebody-with-a-long-name.QmF6Zm9v", "漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字"} {
		c, err := dialXMPP(p.xmpp(), "localhost", "alice", "alice", resource)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.close)
		_, roster := c.ask("<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='"+longAccount+"'/></query></iq>", "iq")
		_, presence := c.ask("<presence/>", "presence")
		if err := errors.Join(roster, presence); err != nil {
			t.Fatal(err)
		}
	}
	dialXMPP(p.xmpp(), "localhost", "carol", "wrong", "r")
	p.onBus(t, func(b *bus.Bus) { visitFromAfar(t, b) })
	return p
}

// onBus does something on the service's bus.
func (p *process) onBus(t *testing.T, do func(*bus.Bus)) {
	t.Helper()
	var svc service
	svc.flags(&cobra.Command{})
	svc.url = p.nats()
	if err := svc.use(t.Context(), func(b *bus.Bus) error { do(b); return nil }); err != nil {
		t.Fatal(err)
	}
}

// visitFromAfar has another connector log sessions in from addresses of IPv6; some end.
func visitFromAfar(t *testing.T, b *bus.Bus) {
	t.Helper()
	account, err := events.ParseJID(longAccount)
	if err != nil {
		t.Fatal(err)
	}
	h := session.NewHistories(b.Log())
	other, err := session.NewService(session.Config{Log: b.Log(), Accounts: h, Connector: events.Incarnation{Name: "other-" + longPod, Epoch: math.MaxUint32}})
	if err != nil {
		t.Fatal(err)
	}
	for i, resource := range []string{"6KCQPWJVX5DUSMSBLCN63XXYTR", "IHDOLVW7WBPZG5ARPQLCZZYOZ5", strings.Repeat("long.", 60)} {
		id := events.NewSessionID(time.Now())
		commands := []session.Command{
			session.Authenticate{Session: id, Mechanism: "SCRAM-SHA-256-PLUS", TLS: "TLS 1.3", Address: longAddress, Agent: "a client with a long name 1.2.3 on some system or other", Role: "operator", AsOf: math.MaxUint64},
			session.Bind{Session: id, Resource: resource},
			session.BecomeAvailable{Session: id},
		}
		if i > 0 {
			commands = append(commands, session.Close{Session: id, Reason: events.ReasonKicked, Text: strings.Repeat("because ", 20), By: events.Actor("cli operator@" + longPod)})
		}
		for _, c := range commands {
			if _, _, err := other.Do(t.Context(), account, events.ConnID{}, c); err != nil {
				t.Fatal(err)
			}
		}
	}
}

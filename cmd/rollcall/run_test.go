package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestWrongUsageIsCode2WithOneLineAndAHint(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ line, want string }{
		{"", "rollcall needs a command"},
		{"frobnicate", `rollcall has no command "frobnicate"`},
		{"sessoins", "did you mean sessions?"},
		{"help nosuch", `rollcall has no command "nosuch"`},
		{"help sesions", "did you mean sessions?"},
		{"help user lst", `rollcall user has no command "lst"; did you mean list?`},
		{"sessions --jsn", "unknown flag: --jsn; did you mean --json?"},
		{"up --name a\x1bb", "--name: a name has 1 to 200 bytes of UTF-8, and no control characters"},
		{"up --domian a", "did you mean --domain?"},
		{"user", "rollcall user needs a command"},
		{"user frobnicate", `rollcall user has no command "frobnicate"`},
		{"user add", "0 arguments given; the usage is: rollcall user add JID [flags]"},
		{"user add localhost", "localhost names no account: give user@domain"},
		{"user add a@b/c", "a@b/c has a resource"},
		{"user rm @", "invalid JID"},
		{"history", "give a JID, or for the history of all --since"},
		{"history --since 2999-01-01", "2999-01-01 is still to come"},
		{"sessions a@b c@d", `filter: "c@d" is no term: give a key, too, as in account:c@d`},
		{"sessions localhost", "localhost names no account"},
		{"sessions --at 5 --since 1h", "--at is for a moment, --since and --until are for a span"},
		{"sessions --since 1m --until 5m", "--since is not before --until"},
		{"sessions --at 2999-01-01", "2999-01-01 is still to come"},
		{"contacts", "0 arguments given; the usage is: rollcall contacts JID [CONTACT] [flags]"},
		{"contacts alice@localhost bob@localhost/phone", "has a resource"},
		{"history alice@localhost --since 1m --until 5m", "--since is not before --until"},
		{"history alice@localhost --since yesterday", `"yesterday" is no time`},
		{"sessions --at 0", "sequences begin at 1"},
		{"sessions --at noon", `"noon" is no time`},
		{"sessions --at 500000d", "500000d is longer than 36500d"},
		{"ban add 192.0.2.7 --for 500000d", "--for: 500000d is longer than 36500d"},
		{"token add a --expires 9999999h", "--expires: 9999999h is longer than 36500d"},
		{"log set --max-age 500000d", "--max-age: 500000d is longer than 36500d: try forever"},
		{"config print --config rollcall.toml", "unknown flag: --config; name the file alone: rollcall config print FILE"},
		{"config check --config=rollcall.toml", "unknown flag: --config; name the file alone: rollcall config check FILE"},
		{"sessions --frobnicate", "unknown flag: --frobnicate"},
		{"tail alice@localhost/phone", "has a resource"},
		{"kick localhost", "localhost names no account"},
		{"kick a@b --reason " + strings.Repeat("x", session.MaxKickText+1), "--reason: 1001 bytes are more than 1000"},
		{"kick a@b --reason \xff", `--reason: "\xff" is not UTF-8`},
		{"up --domain a@b", "--domain: invalid JID"},
		{"up --data ''", "--data: name a directory"},
		{"up --name ''", "--name: a name has 1 to 200 bytes"},
		{"up --c2s 5222", `--c2s: "5222" is not host:port`},
		{"up --c2s '' --ws ''", "a connector needs --c2s, --c2s-tls, --ws or --ws-tls"},
		{"up --ws 0.0.0.0:5280", "use --ws-tls, or name the proxies that add TLS with --trusted-proxy"},
		{"up --ws-origin [", "syntax error in pattern"},
		{"up --roles connector,cook", `--roles: "cook" is none of connector, projector, http`},
		{"up --roles ''", "--roles: name at least one"},
		{"up --roles projector --http 127.0.0.1:0", "--http and --http-tls are for the role http"},
		{"up --http 0.0.0.0:5288", "--http has no TLS"},
		{"up --conflict sometimes", `--conflict: "sometimes" is none of replace, refuse, rename`},
		{"up --address-max -1", "--address-max: -1 is below 0, which is no limit"},
		{"up --address-rate -1", "--address-rate: -1 is below 0, which is no limit"},
		{"up --trusted-proxy 10.0.0.0/40", `--trusted-proxy: "10.0.0.0/40" is neither an address nor a network`},
		{"up --login-rate -1", "--login-rate: -1 is below 0, which is no limit"},
		{"up --presence-rate -1", "--presence-rate: -1 is below 0, which is no limit"},
		{"up --roles dj", `--roles: "dj" is none of connector, projector, http, publisher`},
		{"up --public-addresses some --roles publisher", `--public-addresses: "some" is none of full, network, none`},
		{"up --public-max-age 7d", "--public-max-age and --public-addresses are for the role publisher"},
		{"up --public-max-age 7 --roles publisher", `--public-max-age: "7" is no age`},
		{"up --public-max-bytes 1MB --roles publisher", "--public-max-bytes: 1MB is less than 2 MiB"},
		{"up --public-max-bytes x --roles publisher", `--public-max-bytes: "x" is no size`},
		{"up --lease 4s", "--lease: 4s is not whole seconds, 5s or more"},
		{"up --lease 5500ms", "--lease: 5.5s is not whole seconds, 5s or more"},
		{"up --max-resources 0", "--max-resources: 0 is not from 1 to 100"},
		{"up --cert x", "--cert and --key go together"},
		{"up --config nowhere.toml", "nowhere.toml: no such file or directory"},
		{"up --creds x", "--creds is for --nats"},
		{"backup", "0 arguments given; the usage is: rollcall backup DIR"},
		{"restore x --nats nats://x --data y", "give one"},
		{"restore x --creds y", "--creds is for --nats"},
		{"restore x --replicas 6", "--replicas: 6 is not from 1 to 5"},
		{"restore x --log-max-age soon", "--log-max-age: "},
		{"drain c1 --undo --for 5m", "--for and --undo exclude each other: give one"},
		{"up --nats nats://x --nats-listen 127.0.0.1:0", "give one"},
	} {
		var stdout, stderr bytes.Buffer
		args := strings.Fields(strings.ReplaceAll(tt.line, "''", "\x00"))
		for i := range args {
			args[i] = strings.ReplaceAll(args[i], "\x00", "")
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience) // should it run against all hopes
		code := run(ctx, args, strings.NewReader("pw\n"), &stdout, &stderr)
		cancel()
		lines := strings.Split(strings.TrimSpace(stderr.String()), "\n")
		if code != exitUsage || len(lines) != 2 || !strings.Contains(lines[0], tt.want) || !strings.HasSuffix(lines[1], "--help shows how it is used)") {
			t.Errorf("rollcall %s: code %d, standard error:\n%s", tt.line, code, stderr.String())
		}
		if stdout.Len() > 0 {
			t.Errorf("rollcall %s: standard output %q", tt.line, stdout.String())
		}
	}
}

func TestHelpIsCode0AndNamesEveryVerb(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"--help"}, nil, &stdout, &stderr); code != exitOK {
		t.Fatalf("code %d", code)
	}
	for _, verb := range []string{"up", "user", "sessions", "history", "route", "tail", "contacts", "kick", "connectors", "verify", "backup", "restore"} {
		if !strings.Contains(stdout.String(), "\n  "+verb+" ") {
			t.Errorf("no %s in:\n%s", verb, stdout.String())
		}
	}
}

func TestHelpExplainsEveryReasonOfAnEnd(t *testing.T) {
	t.Parallel()
	for _, r := range []events.Reason{
		events.ReasonClient, events.ReasonError, events.ReasonConnectionLost, events.ReasonTimeout, events.ReasonResumed,
		events.ReasonReplaced, events.ReasonKicked, events.ReasonConnectorLost, events.ReasonShutdown,
		events.ReasonPasswordChanged, events.ReasonAccountRemoved, events.ReasonOverload, events.ReasonUnavailable,
		events.ReasonAccountDisabled, events.ReasonBanned,
		events.ReasonRoleChanged,
	} {
		if !strings.Contains(ask.Reasons(), "\n  "+string(r)+" ") {
			t.Errorf("%s is not explained", r)
		}
	}
}

func TestTheVersionIsOneLine(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"--version"}, nil, &stdout, &stderr)
	if code != exitOK || !strings.HasPrefix(stdout.String(), "rollcall ") || strings.Count(stdout.String(), "\n") != 1 {
		t.Errorf("code %d, %q, %q", code, stdout.String(), stderr.String())
	}
}

// everyVerb is each command that is ours, groups of them too. Those of cobra, which make
// completions, are not.
func everyVerb(t *testing.T) (all []*cobra.Command) {
	t.Helper()
	add := func(*cobra.Command) {}
	add = func(c *cobra.Command) {
		all = append(all, c)
		for _, sub := range c.Commands() {
			add(sub)
		}
	}
	add(newRoot(newConsole(strings.NewReader(""), io.Discard, io.Discard)))
	return all
}

func TestHelpFits80Columns(t *testing.T) {
	t.Parallel()
	for _, verb := range everyVerb(t) {
		var stdout bytes.Buffer
		run(t.Context(), append(strings.Fields(verb.CommandPath())[1:], "--help"), nil, &stdout, &stdout)
		for line := range strings.Lines(stdout.String()) {
			if line = strings.TrimRight(line, "\n"); utf8.RuneCountInString(line) > 80 {
				t.Errorf("%s: %d columns: %s", verb.CommandPath(), len(line), line)
			}
		}
	}
}

func TestAVerbWithoutAServiceIsCode1WithOneLine(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"sessions", "--nats", "nats://127.0.0.1:1"}, nil, &stdout, &stderr)
	if code != exitError || strings.Count(stderr.String(), "\n") != 1 || !strings.Contains(stderr.String(), "change --nats") {
		t.Errorf("code %d, standard error %q", code, stderr.String())
	}
}

func TestCtrlCIsCalledByItsName(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	code := run(ctx, []string{"sessions", "--nats", "nats://127.0.0.1:1"}, nil, &stdout, &stderr)
	if code != exitError || stderr.String() != "rollcall: stopped\n" {
		t.Errorf("code %d, standard error %q", code, stderr.String())
	}
	for _, tt := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("read the log: %w", context.Canceled), "stopped: read the log"},
		{fmt.Errorf("alice is changed, but: %w; repeat the command", context.Canceled), "stopped: alice is changed, but: context canceled; repeat the command"},
		{errStopped, "stopped; nothing was changed"},
	} {
		if got := sayFailure(tt.err); got != tt.want {
			t.Errorf("got %q, want %q", got, tt.want)
		}
	}
}

func TestTheShellCompletesFilesOnlyWhereOneIsMeant(t *testing.T) {
	t.Parallel()
	for line, files := range map[string]bool{
		"history": false, "user rm": false, "user import": true, "up --cert": true, "sessions --creds": true, "up --name": false,
	} {
		var stdout, stderr bytes.Buffer
		run(t.Context(), append(append([]string{"__complete"}, strings.Fields(line)...), ""), nil, &stdout, &stderr)
		if got := strings.HasSuffix(stdout.String(), ":0\n"); got != files {
			t.Errorf("%s: files %v, want %v: %s", line, got, files, stdout.String())
		}
	}
}

func TestAWrongTopicOfHelpPointsToTheHelpThatHasTopics(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	run(t.Context(), []string{"help", "nosuch"}, nil, &stdout, &stderr)
	if want := "\n(rollcall --help shows how it is used)\n"; !strings.HasSuffix(stderr.String(), want) {
		t.Errorf("got %q, want %q at its end", stderr.String(), want)
	}
}

package main

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestTermsOfAFilterAreNoFlags(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"events -connector:c2 --since 1h":  "events| -connector:c2|--since|1h",
		"tail -h":                          "tail|-h",
		"sessions bob@localhost -state:x":  "sessions|bob@localhost| -state:x",
		"kick bob@localhost --reason -a:b": "kick|bob@localhost|--reason|-a:b",
		"history --since -10m:":            "history|--since|-10m:",
	} {
		if got := strings.Join(notFlags(strings.Fields(line)), "|"); got != want {
			t.Errorf("%s is given as %q", line, got)
		}
	}
	if got := notFlags(nil); len(got) > 0 {
		t.Errorf("nothing is given as %q", got)
	}
}

func TestAJIDMayComeBeforeAFilter(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"": "", "alice@localhost": "alice@localhost", "alice@localhost/a:b type:closed": "alice@localhost/a:b", "type:closed alice@localhost": "",
		"-type:closed": "", ":x": "",
	} {
		args := strings.Fields(line)
		jid, terms := jidAndTerms(args)
		if jid != want || len(terms) != len(args) && (want == "" || len(terms) != len(args)-1) {
			t.Errorf("of %q %q is a JID, and %q are terms", line, jid, terms)
		}
	}
}

// Whoever has quoted a term for the shell need not quote its spaces once more.
func TestAnArgumentWithSpacesIsOneTermOrMany(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"type:closed", " -text:*"}, "type:closed  -text:*"},
		{[]string{"type:closed reason:kicked"}, "type:closed reason:kicked"},
		{[]string{"by:cli *", "type:closed"}, `by:cli\ * type:closed`},
		{[]string{" -text:gone, at noon"}, `-text:gone,\ at\ noon`},
		{[]string{`text:"at noon"`}, `text:"at noon"`},
	} {
		before := slices.Clone(c.args)
		if got := joined(c.args); got != c.want || !slices.Equal(c.args, before) {
			t.Errorf("%q are %q", c.args, got)
		}
	}
}

func TestTheShellCompletesKeysAndTheirWords(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ verb, begun, want, not string }{
		{"events", "", "agent:\tclient software", "state:"},
		{"events", "type:closed,", "type:closed,detached\n", "agent:\n"},
		{"tail", "cl", "class:\t", "state:"},
		{"history", "reason:", "reason:kicked\n", "class:session"},
		{"sessions", "st", "state:\t", "agent:"},
		{"sessions", "state:", "state:detached\n", "state:closed"},
	} {
		var stdout, stderr bytes.Buffer
		run(t.Context(), []string{"__complete", c.verb, c.begun}, nil, &stdout, &stderr)
		if got := stdout.String(); !strings.Contains(got, c.want) || strings.Contains(got, c.not) || !strings.HasSuffix(got, ":6\n") {
			t.Errorf("%s %s: %s", c.verb, c.begun, got)
		}
	}
}

func TestHelpThatExplainsFiltersFitsAScreen(t *testing.T) {
	t.Parallel()
	for verb := range filtering {
		var stdout, stderr bytes.Buffer
		run(t.Context(), []string{verb, "--help"}, nil, &stdout, &stderr)
		for line := range strings.Lines(stdout.String()) {
			if len(strings.TrimRight(line, "\n")) > helpWidth {
				t.Errorf("%s: %s", verb, line)
			}
		}
	}
}

package main

import (
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

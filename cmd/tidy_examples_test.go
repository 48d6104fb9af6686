package cmd

import (
	"go/ast"
	"regexp"
	"strings"
	"testing"
)

// forOthers are the packages that somebody else's program begins with.
var forOthers = []string{
	"events", "session", "session/accounts", "session/connector", "session/delivery", "session/presence", "session/stream",
	"bus", "projector", "projector/query", "replay",
}

// The lines that somebody else's program needs at most: for a consumer of the log that
// knows how long sessions last, and a connector with a bot that speaks no XMPP.
const (
	maxConsumer = 30 // ExampleSessions of package replay
	maxBot      = 80 // bot_test.go of package connector
)

func TestLittleIsNeededForAConsumerOrABot(t *testing.T) {
	t.Parallel()
	found := 0
	for _, s := range sources(t) {
		if s.path == "session/connector/bot_test.go" {
			found++
			if n := strings.Count(string(s.text), "\n"); n > maxBot {
				t.Errorf("%s has %d lines", s.path, n)
			}
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || s.dir != "replay" || f.Name.Name != "ExampleSessions" {
				continue
			}
			found++
			if n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; n > maxConsumer {
				t.Errorf("%s: %s has %d lines", s.path, f.Name.Name, n)
			}
		}
	}
	if found != 2 {
		t.Errorf("%d of the two are there", found)
	}
}

// Without the output that it expects, go test compiles an example and does not run
// it; and one that takes what only the package's tests can see shows nobody how.
func TestExamplesAreThereAndRunAndArePublic(t *testing.T) {
	t.Parallel()
	output := regexp.MustCompile(`(?i)^\s*(unordered )?output:`)
	found := make(map[string]bool)
	for _, s := range sources(t) {
		if !s.test {
			continue
		}
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv != nil || !strings.HasPrefix(f.Name.Name, "Example") {
				continue
			}
			found[s.dir] = true
			if n := s.fset.Position(f.End()).Line - s.fset.Position(f.Pos()).Line + 1; n > maxExample {
				t.Errorf("%s: %s has %d lines", s.path, f.Name.Name, n)
			}
			if !strings.HasSuffix(s.file.Name.Name, "_test") {
				t.Errorf("%s: %s is not in a package of its own", s.path, f.Name.Name)
			}
			states := false
			for _, c := range s.file.Comments {
				states = states || f.Body.Pos() < c.Pos() && c.End() < f.Body.End() && output.MatchString(c.Text())
			}
			if !states {
				t.Errorf("%s: %s states no output", s.path, f.Name.Name)
			}
		}
	}
	for _, dir := range forOthers {
		if !found[dir] {
			t.Errorf("%s has no example", dir)
		}
	}
}

package c2s

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// protocol is docs/protocol.md.
func protocol(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

var (
	quoted    = regexp.MustCompile("`([^`]+)`")
	extended  = regexp.MustCompile(`(?m)^\| (XEP-\d{4}) \|`)
	namespace = regexp.MustCompile(`xmlns='([^']+)'`)
)

func TestTheFilesThatTheProtocolTableNamesExist(t *testing.T) {
	t.Parallel()
	n := 0
	for _, q := range quoted.FindAllStringSubmatch(protocol(t), -1) {
		name, ok := strings.CutSuffix(q[1], ".go")
		if !ok {
			continue
		}
		n++
		if strings.Contains(name, "/") {
			name = filepath.Join("../..", name)
		}
		if _, err := os.Stat(name + ".go"); err != nil {
			t.Errorf("docs/protocol.md names %s: %v", q[1], err)
		}
	}
	if n < 50 {
		t.Errorf("docs/protocol.md names %d files only", n)
	}
}

func TestTheProtocolTableHasEachExtensionOnce(t *testing.T) {
	t.Parallel()
	var names []string
	for _, m := range extended.FindAllStringSubmatch(protocol(t), -1) {
		names = append(names, m[1])
	}
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Errorf("the extensions are %q", names)
	}
}

// announced is everything that clients are told of: in service discovery, in the
// features of a stream before and after the login, and as requests that are
// answered.
func announced() (all []string) {
	for _, x := range extensions {
		all = append(append(all, x.features...), x.personal...)
		for _, m := range namespace.FindAllStringSubmatch(x.stream, -1) {
			all = append(all, m[1])
		}
		for _, a := range x.requests {
			all = append(all, a.space)
		}
	}
	all = append(all, stanza.NSChannelBinding, nsRegisterFeature, stanza.NSStreamMgmt)
	for _, m := range namespace.FindAllSubmatch(appendBind2([]byte("<authentication xmlns='"+stanza.NSSASL2+"'>")), -1) {
		all = append(all, string(m[1]))
	}
	return all
}

func TestWhatIsAnnouncedIsInTheProtocolTable(t *testing.T) {
	t.Parallel()
	listed := map[string]bool{
		stanza.NSRoster: true, stanza.NSBind: true, // RFC 6121 and 6120 by themselves
	}
	for _, q := range quoted.FindAllStringSubmatch(protocol(t), -1) {
		listed[q[1]] = true
	}
	for _, name := range announced() {
		base, _, _ := strings.Cut(name, "#")
		if !listed[name] && !listed[base] {
			t.Errorf("%s is announced, and docs/protocol.md does not list it", name)
		}
	}
}

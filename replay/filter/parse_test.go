package filter

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
)

func TestWhatIsWrongNamesTheKeyAndWhatIsAllowed(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"kicked":                            `"kicked" is no term: give a key and a value, as in type:authenticated`,
		"typ:closed":                        "typ: there is no such key; there are type, class, account,",
		":closed":                           `"": there is no such key`,
		"type:":                             "type: the value is empty; there are authenticated, bound,",
		"type:closed,":                      "type: the value is empty",
		"-type:gone":                        `type: there is no "gone"; there are authenticated,`,
		"class:people":                      `class: there is no "people"; there are session, presence, account, connector, network, connection, log`,
		"reason:bored":                      `reason: there is no "bored"; there are client, error, connection_lost,`,
		"account:alice":                     `account: "alice" is no account; it is user@domain`,
		"account:a@b/c":                     `account: "a@b/c" is no account; it is user@domain`,
		"session:7":                         `session: "7" is none; it is the 26 characters of a session's id`,
		"address:192.0.2":                   `address: "192.0.2" is no address; it is an address, or a network as in 192.0.2.0/24`,
		"address:192.0.2.0/33":              `address: "192.0.2.0/33" is no address`,
		"address:fe80::1%eth0":              `address: "fe80::1%eth0" is no address`,
		"duration:1h":                       `duration: "1h" is no range; it is a range as in >1h, <=90s or 5m..1h, in ms, s, m, h or d`,
		"duration:>1":                       `duration: ">1" is none`,
		"duration:>-1h":                     `duration: ">-1h" is none`,
		"duration:>1us":                     `duration: ">1us" is none`,
		"duration:2h..1h":                   `duration: "2h..1h" has its ends the wrong way round`,
		"duration:..":                       `duration: ".." is none`,
		"priority:high":                     `priority: "high" is none; it is a number, or a range as in >0, <=5 or 1..5`,
		"priority:1..x":                     `priority: "1..x" is none`,
		`agent:a\`:                          "nothing follows a backslash",
		`text:"gone`:                        "a quotation mark is missing",
		"agent:" + strings.Repeat("x", 300): "agent: a value is longer than 256 bytes",
		strings.Repeat("type:closed ", 400): "it is longer than 4096 bytes",
		"agent:\xff":                        "it is not UTF-8",
	} {
		f, err := Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, %v", text, f, err)
		}
	}
}

func TestSpacesSeparateTermsUnlessQuoted(t *testing.T) {
	t.Parallel()
	f := parsed(t, "  type:closed\n\ttext:\"a b, c\"  reason:\"kicked\",client ")
	if len(f.terms) != 3 || f.terms[1].values[0].glob.pattern != "a b, c" || len(f.terms[2].values) != 2 {
		t.Errorf("%+v", f.terms)
	}
	if f.String() != "type:closed\n\ttext:\"a b, c\"  reason:\"kicked\",client" {
		t.Errorf("it is %q", f)
	}
}

// Whatever is given, it is refused or means something: a term and its negation share the
// events among themselves, and two terms mean what both mean.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"type:closed reason:connection_lost -connector:c2 address:192.0.2.0/24 duration:>1h", `-text:"a\" b",c\,d priority:-1..5,>7`,
		"account:a@b,c@d session:01ARYZ6S41TSV4RRFFQ69G5FAV", "agent:*a?*", "class:*", `"":`, "-", "show:away,*",
	} {
		f.Add(text, "type:bound")
	}
	all := golden(f)
	f.Fuzz(func(t *testing.T, a, b string) {
		one, err := Parse(a)
		if err != nil {
			return
		}
		again, err := Parse(one.String())
		if err != nil {
			t.Fatalf("%q was read, but not %q", a, one)
		}
		other, err := Parse(b)
		if err != nil {
			other = &Filter{}
			b = ""
		}
		both, err := Parse(a + " " + b)
		if err != nil {
			if len(a)+len(b) < maxText-1 {
				t.Fatalf("%q and %q were read, but not both: %v", a, b, err)
			}
			both = nil
		}
		for _, st := range all {
			check(t, one, again, other, both, st)
		}
	})
}

func check(t *testing.T, one, again, other, both *Filter, st *events.Stored) {
	t.Helper()
	meant := one.Event(st)
	if again.Event(st) != meant {
		t.Errorf("%q and %q mean other events", one, again)
	}
	if both != nil && both.Event(st) != (meant && other.Event(st)) {
		t.Errorf("%q and %q are not both meant by %q", one, other, both)
	}
	if len(one.terms) == 1 {
		text, not := strings.CutPrefix(one.String(), "-")
		if !not {
			text = "-" + text
		}
		if against, err := Parse(text); err == nil && against.Event(st) == meant {
			t.Errorf("%q and %q: %v", one, against, meant)
		}
	}
}

// A filter of sessions that is read means of every session either it or its negation.
func FuzzParseSessions(f *testing.F) {
	for _, text := range []string{"account:a@b state:lost,*", "-duration:>1h", `resource:"a b",c*`, "priority:..5 reason:kicked by:cli*"} {
		f.Add(text)
	}
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	stays := []*Stay{{Session: &query.Session{}}, {
		Session: &query.Session{
			ID: events.NewSessionID(began).String(), JID: events.StoredJID("a@b/c"), Resource: "c", Connector: "c1", Address: "192.0.2.7:1",
			Since: query.Timestamp(began.UnixNano()), Available: true, Priority: 5,
		},
		At: began.Add(time.Hour), Reason: "kicked", Text: "bye", By: "cli root@host",
	}}
	f.Fuzz(func(t *testing.T, text string) {
		one, err := ParseSessions(text)
		if err != nil || len(one.terms) != 1 {
			return
		}
		against, not := strings.CutPrefix(one.String(), "-")
		if !not {
			against = "-" + against
		}
		other, err := ParseSessions(against)
		if err != nil {
			t.Fatalf("%q was read, but not %q: %v", one, against, err)
		}
		for _, s := range stays {
			if one.Has(s) == other.Has(s) {
				t.Errorf("%q and %q mean the same", one, other)
			}
		}
	})
}

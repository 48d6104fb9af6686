package filter

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

func TestAFilterMeansTheEventsOfWhichAllItsTermsHold(t *testing.T) {
	t.Parallel()
	all := golden(t)
	for text, want := range map[string]string{
		"type:closed":                         "closed.v1 closed.v2 closed.v3",
		"type:rollcall.session.closed.v1":     "closed.v1 closed.v2 closed.v3",
		"type:session.closed":                 "closed.v1 closed.v2 closed.v3",
		"type:closed,detached":                "closed.v1 closed.v2 closed.v3 detached.v1 detached.v2",
		"class:account -type:account_removed": "account_created.v1 account_created.v2 account_disabled.v1 account_enabled.v1 password_changed.v1 password_changed.v2 role_changed.v1",
		"class:connector":                     "connector_lost.v1 connector_started.v1 connector_stopped.v1",
		"type:closed reason:kicked":           "closed.v1 closed.v2 closed.v3",
		"type:closed -reason:kicked":          "",
		"type:closed reason:kicked,client":    "closed.v1 closed.v2 closed.v3",
		"type:closed reason:client":           "",
		"type:closed type:detached":           "",
		"reason:*":                            "closed.v1 closed.v2 closed.v3 detached.v1 detached.v2 disconnected.v1 disconnected.v2",
		"reason:* -class:connection":          "closed.v1 closed.v2 closed.v3 detached.v1 detached.v2",
		"by:*":                                "account_created.v2 account_disabled.v1 account_enabled.v1 account_removed.v2 closed.v2 closed.v3 network_banned.v1 network_unbanned.v1 password_changed.v2 role_changed.v1",
		"by:\"cli root@example\"":             "account_disabled.v1 closed.v2 closed.v3 network_banned.v1 role_changed.v1",
		"agent:*":                             "authenticated.v2 authenticated.v3",
		"role:member":                         "authenticated.v3 bound.v2 refreshed.v3",
		"role:*":                              "authenticated.v3 bound.v2 refreshed.v3 role_changed.v1 role_taken.v1",
		"by:juliet@example.com*":              "account_created.v2 password_changed.v2",
		"class:account -by:*":                 "account_created.v1 account_removed.v1 password_changed.v1",
		"type:authenticated -agent:*":         "authenticated.v1",
		"account:romeo@example.com":           "",
		"-account:juliet@example.com":         "",
		"show:away":                           "presence_available.v1",
		"connector:c2":                        "closed.v3 connector_lost.v1 detached.v2",
		"connector:c2 class:session":          "closed.v3 detached.v2",
		"-connector:c2 type:closed,detached":  "closed.v1 closed.v2 detached.v1",
		"connector:c1 type:closed":            "closed.v1 closed.v2 closed.v3",
	} {
		f, err := Parse(text)
		if err != nil && want != "" {
			t.Errorf("%s: %v", text, err)
		}
		if err != nil {
			continue
		}
		var got []string
		for _, name := range slices.Sorted(maps.Keys(all)) {
			if f.Event(all[name]) {
				got = append(got, name)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s means %q, not %q", text, got, want)
		}
	}
}

// A key asks for the field of the published form, of every type that has it, and of no
// other.
func TestEachKeySaysWhatThePublishedFormSays(t *testing.T) {
	t.Parallel()
	e := public.NewEncoder(public.Source{Stream: "RC_EV"}, public.Source{Stream: "RC_PRE"}, public.Options{})
	used := make(map[string]int)
	for name, st := range golden(t) {
		var object struct {
			Type string
			Data map[string]any
		}
		if err := json.Unmarshal(e.Append(nil, st, names.Pseudonym{}), &object); err != nil {
			t.Fatal(err)
		}
		part := strings.Split(object.Type, ".")
		said := object.Data
		said["type"], said["class"] = part[2], part[1]
		if st.Account().Local() != "" {
			said["account"] = st.Account().String() // even of golden connectors, which have one
		}
		if r := st.JID.Resource(); r != "" {
			said["resource"] = r // which is the end of jid, where that is told
		}
		if !st.Session.IsZero() {
			said["session"] = st.Session.String() // which is the subject
		}
		for i := range eventKeys {
			k := &eventKeys[i]
			published := said[k.name]
			if k.form == duration {
				published = said["duration_ms"]
			}
			checkKey(t, name, st, k, published)
			if published != nil {
				used[k.name]++
			}
		}
	}
	for i := range eventKeys {
		if used[eventKeys[i].name] == 0 {
			t.Errorf("no golden record has %s", eventKeys[i].name)
		}
	}
}

// checkKey compares a field with its own value, and with another.
func checkKey(t *testing.T, name string, st *events.Stored, k *key[*events.Stored], published any) {
	t.Helper()
	is := parsed(t, k.name+":*")
	if is.Event(st) != (published != nil) || parsed(t, "-"+is.String()).Event(st) == (published != nil) {
		t.Errorf("%s: %s:* holds: %v; published is %v", name, k.name, is.Event(st), published)
	}
	if published == nil {
		return
	}
	equal, other := "", "nothing"
	switch v := published.(type) {
	case float64:
		equal, other = fmt.Sprintf("%.0f", v), "1000"
		if k.form == duration {
			equal, other = fmt.Sprintf("%.0fms..%.0fms", v, v), ">"+equal+"ms"
		}
	case string:
		equal = strconv.Quote(v)
		switch k.form {
		case words:
			other = k.words()[0]
			if other == v {
				other = k.words()[1]
			}
		case account:
			other = "nobody@example.com"
		case id:
			other = events.NewSessionID(time.Now()).String()
		case network:
			equal, other = netip.MustParseAddrPort(v).Addr().String(), "203.0.113.9"
		}
	}
	if !parsed(t, k.name+":"+equal).Event(st) || parsed(t, "-"+k.name+":"+equal).Event(st) {
		t.Errorf("%s: %s:%s does not hold", name, k.name, equal)
	}
	if parsed(t, k.name+":"+other).Event(st) || !parsed(t, "-"+k.name+":"+other).Event(st) {
		t.Errorf("%s: %s:%s holds of %v", name, k.name, other, published)
	}
}

func TestNumbersAndDurationsAreCompared(t *testing.T) {
	t.Parallel()
	began := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	ended := func(after time.Duration) *events.Stored {
		return &events.Stored{Record: events.Record{Session: events.NewSessionID(began), Time: began.Add(after).UnixNano(), Event: events.Closed{Reason: events.ReasonClient}}}
	}
	available := func(priority int8) *events.Stored {
		return &events.Stored{Record: events.Record{Event: events.PresenceAvailable{Priority: priority}}}
	}
	for _, c := range []struct {
		text string
		st   *events.Stored
		want bool
	}{
		{"duration:>1h", ended(time.Hour), false},
		{"duration:>1h", ended(time.Hour + time.Millisecond), true},
		{"duration:>=1h", ended(time.Hour), true},
		{"duration:<1h", ended(time.Hour), false},
		{"duration:<=1h", ended(time.Hour), true},
		{"duration:5m..1h", ended(time.Hour), true},
		{"duration:5m..1h", ended(4 * time.Minute), false},
		{"duration:<1m,>1d", ended(time.Hour), false},
		{"duration:<1m,>1d", ended(25 * time.Hour), true},
		{"duration:..1m30s", ended(time.Minute), true},
		{"duration:<1s", ended(-time.Hour), true},
		{"priority:5", available(5), true},
		{"priority:5", available(-5), false},
		{"priority:<0", available(-5), true},
		{"priority:-128..-1", available(-5), true},
		{"priority:-128..", available(127), true},
		{"-priority:0,1", available(1), false},
	} {
		if got := parsed(t, c.text).Event(c.st); got != c.want {
			t.Errorf("%s of %v: %v", c.text, c.st.Event, got)
		}
	}
}

func TestAnAddressIsOfANetwork(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, address string
		want          bool
	}{
		{"192.0.2.0/24", "192.0.2.77:50123", true},
		{"192.0.2.0/24", "192.0.3.77:50123", false},
		{"192.0.2.77", "192.0.2.77:1", true},
		{"192.0.2.77/24", "192.0.2.1:1", true},
		{"192.0.2.0/24", "[::ffff:192.0.2.9]:3", true},
		{"::ffff:192.0.2.0/120", "192.0.2.9:3", true},
		{"2001:db8::/32", "[2001:db8:1:2::3]:65535", true},
		{"2001:db8::/32,192.0.2.0/24", "192.0.2.9:3", true},
		{"fe80::/16", "[fe80::1%eth0]:9", true},
		{"0.0.0.0/0", "somewhere", false},
		{"*", "somewhere", true},
		{"*", "", false},
	} {
		st := &events.Stored{Record: events.Record{Event: events.Resumed{Address: c.address}}}
		if got := parsed(t, "address:"+c.text).Event(st); got != c.want {
			t.Errorf("%q is of %s: %v", c.address, c.text, got)
		}
	}
}

func TestTextHasWildcards(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text, agent string
		want        bool
	}{
		{"gajim*", "Gajim 1.8, laptop, 7", true},
		{"gajim", "Gajim 1.8", false},
		{"*1.8*", "Gajim 1.8, laptop, 7", true},
		{"*1.8", "Gajim 1.8 1.8", true},
		{"g?jim*", "Gajim", true},
		{"g?jim", "Gjim", false},
		{`"Gajim 1.8, laptop, 7"`, "Gajim 1.8, laptop, 7", true},
		{`Gajim\ 1.8`, "gajim 1.8", true},
		{`a\*`, "a*", true},
		{`a\*`, "ab", false},
		{`"\"a\""`, `"a"`, true},
		{"*a*b*c", "xxaxxbxxcxxc", true},
		{"*a*b*c", "xxaxxbxxcxxd", false},
		{"?", "ü", true},
		{"Ü*", "über", true},
		{"**", "x", true},
		{"a,b", "B", true},
	} {
		st := &events.Stored{Record: events.Record{Event: events.Authenticated{Agent: c.agent}}}
		if got := parsed(t, "agent:"+c.text).Event(st); got != c.want {
			t.Errorf("%q is as %s: %v", c.agent, c.text, got)
		}
	}
}

func TestCaseSaysSomethingWhereItDoesInXMPP(t *testing.T) {
	t.Parallel()
	st := golden(t)["bound.v1"]
	resource := st.JID.Resource()
	if !parsed(t, "resource:"+resource).Event(st) || parsed(t, "resource:"+strings.ToUpper(resource)).Event(st) {
		t.Errorf("resources of another case are taken for %s", resource)
	}
	if !parsed(t, "mechanism:scram-*").Event(&events.Stored{Record: events.Record{Event: events.Authenticated{Mechanism: "SCRAM-SHA-256"}}}) {
		t.Error("a mechanism in lower case is not found")
	}
}

func TestAllIsMeantWithoutTerms(t *testing.T) {
	t.Parallel()
	for _, f := range []*Filter{{}, parsed(t, ""), parsed(t, " \t\n")} {
		if !f.All() || !f.Damaged() {
			t.Errorf("%q leaves something out", f)
		}
		for name, st := range golden(t) {
			if !f.Event(st) {
				t.Errorf("%q leaves out %s", f, name)
			}
		}
	}
}

func TestOfARecordThatCannotBeDecodedOnlyTheTypeIsKnown(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"": true, "type:damaged": true, "class:log": true, "type:closed": false, "-type:damaged": false, "-type:closed": true,
		"account:a@b": false, "class:log account:a@b": false, "-account:a@b": true, "duration:>1h": false, "class:session": false,
	} {
		if got := parsed(t, text).Damaged(); got != want {
			t.Errorf("%q means it: %v", text, got)
		}
	}
}

func TestRecordsOfUnknownKindsAreMeantByThatType(t *testing.T) {
	t.Parallel()
	st := &events.Stored{Record: events.Record{JID: events.StoredJID("a@b"), Event: events.Unknown{Code: 200}}}
	for text, want := range map[string]bool{"type:unknown": true, "class:log": true, "class:session": false, "account:a@b": true, "reason:*": false, "-reason:*": true} {
		if got := parsed(t, text).Event(st); got != want {
			t.Errorf("%q means it: %v", text, got)
		}
	}
}

func TestEventLooksWithoutAllocating(t *testing.T) { // not parallel, since others' allocations would count
	f := parsed(t, "-type:bound account:juliet@example.com,romeo@example.com -address:192.0.2.0/25 agent:*1* duration:>=0s priority:0..5 -reason:kicked -text:*a*b* session:*")
	g := parsed(t, "address:0.0.0.0/0,::/0 account:* connector:c*")
	for _, st := range golden(t) {
		if n := testing.AllocsPerRun(10, func() { f.Event(st); g.Event(st) }); n != 0 {
			t.Errorf("%v allocations for a %s", n, st.Event.Kind())
		}
	}
}

func BenchmarkEvent(b *testing.B) {
	all := slices.Collect(maps.Values(golden(b)))
	for _, text := range []string{"type:closed", "type:closed reason:connection_lost -connector:c2 duration:>1h", "address:192.0.2.0/24", "agent:*gajim*", "-account:juliet@example.com"} {
		b.Run(text, func(b *testing.B) {
			f := parsed(b, text)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				f.Event(all[i%len(all)])
			}
		})
	}
}

func TestATermMoreMeansLess(t *testing.T) {
	t.Parallel()
	f, err := parsed(t, "class:session").And("type", "closed,presence_available")
	if err != nil {
		t.Fatal(err)
	}
	for name, st := range golden(t) {
		if f.Event(st) != (strings.HasPrefix(name, "closed.")) {
			t.Errorf("%s is meant: %v", name, f.Event(st))
		}
	}
	if _, err := (&Filter{}).And("type", "closed type:bound"); err == nil || !strings.HasPrefix(err.Error(), `type: there is no "closed type:bound"`) {
		t.Error(err)
	}
}

package prosody

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// read gives the accounts by their JIDs, and the reasons of refusals by the names
// that they refuse.
func read(t testing.TB, dir fs.FS) (all map[string]*bundle.Bundle, refused map[string]string) {
	t.Helper()
	all, refused = map[string]*bundle.Bundle{}, map[string]string{}
	for b, err := range Read(dir) {
		var r *bundle.Refusal
		switch {
		case errors.As(err, &r):
			refused[r.Account] = r.Reason.Error()
		case err != nil:
			t.Fatal(err)
		default:
			all[b.Account.String()] = b
		}
	}
	return all, refused
}

// files is a directory of one host that has these files.
func files(host string, texts map[string]string) fs.FS {
	dir := fstest.MapFS{}
	for name, text := range texts {
		dir[host+"/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return dir
}

// one reads the only account.
func one(t testing.TB, texts map[string]string) *bundle.Bundle {
	t.Helper()
	all, refused := read(t, files("localhost", texts))
	if len(all) != 1 || len(refused) > 0 {
		t.Fatalf("there are %v, and refused are %v", all, refused)
	}
	for _, b := range all {
		return b
	}
	return nil
}

func verifies(t testing.TB, b *bundle.Bundle, password string) bool {
	t.Helper()
	c, err := b.Credentials(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ok, err := c.Verifies(password)
	if err != nil {
		t.Fatal(err)
	}
	return ok
}

func items(b *bundle.Bundle, k pep.Key) (list []string) {
	if n := b.Kept.Node(k); n != nil {
		for _, it := range n.Items {
			list = append(list, it.ID+" "+string(it.XML))
		}
	}
	return list
}

// The directory is that of Prosody 0.12.3, filled by the clients of .ci/migrate.
func TestADirectoryOfProsodyIsRead(t *testing.T) {
	t.Parallel()
	all, refused := read(t, os.DirFS("testdata/data"))
	if len(all) != 4 || len(refused) > 0 {
		t.Fatalf("there are %d accounts, and refused are %v", len(all), refused)
	}
	for _, name := range []string{"alice", "bob", "carol", "zoë"} {
		b := all[name+"@example.org"]
		if b == nil || !verifies(t, b, name+"-secret") || verifies(t, b, "secret") || b.SHA1.Iterations != 10_000 {
			t.Errorf("%s can't log in with the same password: %+v", name, b)
		}
	}
	alice, carol := all["alice@example.org"], all["carol@example.org"]
	var contacts []string
	for i := range alice.Contacts.Items() {
		contacts = append(contacts, fmt.Sprint(i.JID, " ", i.Name, " ", i.Groups, " ", i.Subscription, " ", i.Ask))
	}
	if want := []string{"bob@example.org Bob & Co [Büro Friends] both false", "carol@example.org  [] none true", "dave@elsewhere.example Dave [] none false"}; !slices.Equal(contacts, want) {
		t.Errorf("the contacts are %q", contacts)
	}
	if got := fmt.Sprint(alice.Blocked); got != "[evil.example spam@example.org]" {
		t.Errorf("blocked are %s", got)
	}
	card := items(alice, bundle.CardKey)
	if len(card) != 1 || !strings.Contains(card[0], "<FN>Alice &amp; Söhne</FN><N><FAMILY></FAMILY><GIVEN>Alice</GIVEN>") || !strings.Contains(card[0], "<BINVAL>aGVsbG8=</BINVAL>") {
		t.Errorf("the card is %q", card)
	}
	if got := items(alice, pep.Key{Kind: pep.Private, Name: "storage:bookmarks storage"}); len(got) != 1 || !strings.Contains(got[0], "<conference ") {
		t.Errorf("the bookmarks are %q", got)
	}
	notes := alice.Kept.Node(pep.Key{Kind: pep.Event, Name: "urn:example:notes"})
	if got := items(alice, notes.Key); notes.Access != pep.Open || notes.MaxItems != 5 || len(got) != 2 || got[0] != "n1 <note xmlns='urn:example:notes'>one</note>" {
		t.Errorf("the notes are %+v", notes)
	}
	if len(alice.Left) != 1 || alice.Left[0].Item != "archive" {
		t.Errorf("left out are %v", alice.Left)
	}
	requests := slices.Collect(carol.Contacts.Requests())
	if len(requests) != 1 || requests[0].From.String() != "alice@example.org" || !strings.Contains(string(requests[0].Stanza), "type='subscribe'") {
		t.Errorf("the requests are %+v", requests)
	}
	if len(carol.Waiting) != 3 || !strings.HasPrefix(string(carol.Waiting[0]), "<message from='alice@example.org/old' to='carol@example.org' ") ||
		!strings.Contains(string(carol.Waiting[0]), "<body>first &lt; second</body>") || !strings.Contains(string(carol.Waiting[0]), "stamp='2026-11-30T10:52:40.000Z'") ||
		strings.Count(string(carol.Waiting[0]), "stamp") != 1 {
		t.Errorf("the messages are %q", carol.Waiting)
	}
}

// Until 0.10 Prosody wrote the number of each place in a list, and places in any order.
func TestListsWithNumbersAreRead(t *testing.T) {
	t.Parallel()
	b := one(t, map[string]string{
		"accounts/alice.dat": `return {["password"] = "secret";};`,
		"offline/alice.list": `item({[1] = {[1] = "hi"; ["attr"] = {}; ["name"] = "body";}; ["attr"] = {["from"] = "bob@localhost/x"; ["type"] = "chat"; ["stamp"] = "2014-01-02T03:04:05Z";}; ["name"] = "message";});`,
		"vcard/alice.dat": `return {[2] = {[1] = "A"; ["attr"] = {}; ["name"] = "NICKNAME";}; [1] = {[1] = "Al"; ["attr"] = {}; ["name"] = "FN";};
			["attr"] = {["xmlns"] = "vcard-temp";}; ["name"] = "vCard";};`,
	})
	if len(b.Waiting) != 1 || !strings.Contains(string(b.Waiting[0]), "<body>hi</body>") {
		t.Errorf("the messages are %q", b.Waiting)
	}
	if got := items(b, bundle.CardKey); len(got) != 1 || got[0] != " <vCard xmlns='vcard-temp'><FN>Al</FN><NICKNAME>A</NICKNAME></vCard>" {
		t.Errorf("the card is %q", got)
	}
}

func TestWhatOlderVersionsWroteIsRead(t *testing.T) {
	t.Parallel()
	b := one(t, map[string]string{
		"accounts/alice.dat": `return {["password"] = "pen\"cil\\\195\188";};`,
		"roster/alice.dat":   `return {pending = {["bob@localhost"] = true}, ["carol@localhost"] = {subscription = "to", groups = {}, approved = "true"}}`,
		"pep/alice.dat":      `return { ["urn:a"] = true; };`,
		"offline/alice.list": "item({name=\"message\", attr={from=\"bob@localhost/x\",stamp=\"2020-01-02T03:04:05Z\",stamp_legacy=\"20200102T03:04:05\"}, {name=\"body\",attr={},\"hi\\\nthere\"}});",
		"vcard/alice.dat":    `return {name="vCard",attr={xmlns="vcard-temp"},{name="FN",attr={},"Al"}};`,
	})
	if b.Password != `pen"cil\ü` {
		t.Errorf("the password is %q", b.Password)
	}
	if !slices.ContainsFunc(slices.Collect(b.Contacts.Requests()), func(q roster.Request) bool { return q.From.String() == "bob@localhost" }) || !b.Contacts.Watches(events.StoredJID("carol@localhost")) {
		t.Errorf("the roster is %q", b.Contacts.Encode())
	}
	if len(b.Waiting) != 1 || !strings.Contains(string(b.Waiting[0]), "<body>hi&#10;there</body>") && !strings.Contains(string(b.Waiting[0]), "<body>hi\nthere</body>") || !strings.Contains(string(b.Waiting[0]), "stamp='2020-01-02T03:04:05.000Z'") {
		t.Errorf("the messages are %q", b.Waiting)
	}
	if got := items(b, bundle.CardKey); len(got) != 1 || got[0] != " <vCard xmlns='vcard-temp'><FN>Al</FN></vCard>" {
		t.Errorf("the card is %q", got)
	}
	if b.Kept.Node(pep.Key{Kind: pep.Event, Name: "urn:a"}) == nil || len(b.Left) > 0 {
		t.Errorf("kept are %q, left %v", b.Kept.Encode(), b.Left)
	}
}

// Nothing is lost without a word: neither what has no place, nor what is damaged.
func TestWhatCantBeTakenIsNamed(t *testing.T) {
	t.Parallel()
	b := one(t, map[string]string{
		"accounts/alice.dat":     `return {password="x", role="prosody:admin", created=1600000000, disabled=true};`,
		"roster/alice.dat":       `return {["@"]={subscription="both"}, ["bob@localhost/r"]={}, ["c@localhost"]={subscription="odd"}, [7]={}, ["alice@localhost"]={subscription="both"}};`,
		"private/alice.dat":      `return {["a:b"]={name="a b"}};`,
		"pep/alice.dat":          `return {["urn:a"]={config={access_model="authorize"},affiliations={["x@y"]="publisher"},subscribers={}}};`,
		"pep_urn%3ab/alice.list": `item({});`,
		"offline/alice.list":     `item({name="message",attr={}});item({name="iq",attr={from="a@b"}});`,
		"blocklist/alice.dat":    `return {["a b@c"]=1};`,
		"vcard/alice.dat":        `return {name="vCard",attr={xmlns="vcard-temp"},{name="FN",attr={},os.execute("id")}};`,
		"lastlog2/alice.dat":     `return {};`,
		"archive/alice.list":     `item({});`,
	})
	var items []string
	for _, l := range b.Left {
		items = append(items, l.Item)
		if l.Reason == "" {
			t.Errorf("%s is left without a reason", l.Item)
		}
	}
	for _, want := range []string{
		"property role", "contact @", "contact bob@localhost/r", "contact c@localhost", "contact 7", "contact alice@localhost", "private element a:b",
		"node urn:a: access model", "node urn:a: affiliation of x@y", "pep_urn:b", "waiting message 1", "blocked a b@c", "vcard", "lastlog2", "archive",
	} {
		if !slices.Contains(items, want) {
			t.Errorf("%s is not named among %q", want, items)
		}
	}
	if !b.Disabled || b.Created.Unix() != 1_600_000_000 {
		t.Errorf("disabled: %v, created: %v", b.Disabled, b.Created)
	}
}

func TestAnAccountWhoseFileIsDamagedIsRefusedAndTheOthersAreNot(t *testing.T) {
	t.Parallel()
	all, refused := read(t, files("example%2eorg", map[string]string{
		"accounts/alice.dat": `return {password="x"`,
		"accounts/b%20b.dat": `return {password="x"}`,
		"accounts/bob.dat":   `return {password="x"}`,
		"accounts/%zz.dat":   `return {password="x"}`,
		"accounts/eve.dat":   `return os.execute("touch /tmp/eve");`,
	}))
	if len(all) != 1 || all["bob@example.org"] == nil || len(refused) != 4 {
		t.Errorf("there are %v, and refused are %v", all, refused)
	}
	if !strings.Contains(refused["eve@example.org"], "os") {
		t.Errorf("eve is refused with %q", refused["eve@example.org"])
	}
}

func TestAHostWithoutAccountsIsNamed(t *testing.T) {
	t.Parallel()
	_, refused := read(t, files("conference%2eexample%2eorg", map[string]string{"config/room.dat": "return {}", "persistent.dat": "return {}"}))
	if !strings.Contains(refused["conference.example.org"], "config") {
		t.Errorf("refused are %v", refused)
	}
}

func TestADirectoryOfOtherThingsIsNotProsodys(t *testing.T) {
	t.Parallel()
	if Holds(fstest.MapFS{"a/b/c.txt": {}, "d.dat": {}}) || !Holds(os.DirFS("testdata/data")) {
		t.Error("it is taken for what it is not")
	}
}

package xep0227

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/pep"
)

// A result is what a file gave.
type result struct {
	all     map[string]*bundle.Bundle
	refused map[string]string
	err     error
}

func read(in io.Reader, open func(string) (io.ReadCloser, error)) result {
	r := result{all: map[string]*bundle.Bundle{}, refused: map[string]string{}}
	for b, err := range readMost(in, open, 1<<20) {
		var refused *bundle.Refusal
		switch {
		case errors.As(err, &refused):
			r.refused[refused.Account] = refused.Reason.Error()
		case err != nil:
			r.err = err
		default:
			r.all[b.Account.String()] = b
		}
	}
	return r
}

// file reads one of testdata, and what it includes.
func file(t *testing.T, name string) result {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := read(f, func(name string) (io.ReadCloser, error) { return os.Open(filepath.Join("testdata", name)) })
	if r.err != nil || len(r.refused) > 0 {
		t.Fatalf("%v, refused are %v", r.err, r.refused)
	}
	return r
}

// user is a file with one account.
func user(inner string) string {
	return "<server-data xmlns='urn:xmpp:pie:0'><host jid='localhost'><user name='alice' password='x'>" + inner + "</user></host></server-data>"
}

func verifies(t *testing.T, b *bundle.Bundle, password string) bool {
	t.Helper()
	c, err := b.Credentials(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ok, err := c.Verifies(password)
	return ok && err == nil
}

func node(b *bundle.Bundle, k pep.Key) string {
	n := b.Kept.Node(k)
	if n == nil {
		return ""
	}
	s := fmt.Sprint(n.Access, " ", n.MaxItems)
	for _, it := range n.Items {
		s += " " + it.ID + ":" + string(it.XML)
	}
	return s
}

// The files are those of ejabberd 23.01, filled by the clients of .ci/migrate.
func TestAnExportOfEjabberdIsRead(t *testing.T) {
	t.Parallel()
	all := file(t, "20261130.xml").all
	for _, name := range []string{"alice", "bob", "carol", "zoë"} {
		if b := all[name+"@example.org"]; b == nil || !verifies(t, b, name+"-secret") || verifies(t, b, "secret") {
			t.Errorf("%s can't log in with the same password: %+v", name, b)
		}
	}
	alice, carol := all["alice@example.org"], all["carol@example.org"]
	if got := fmt.Sprint(alice.Blocked, alice.Left); got != "[spam@example.org evil.example] []" {
		t.Errorf("blocked and left are %s", got)
	}
	bob, _ := alice.Contacts.Get(all["bob@example.org"].Account)
	if got := fmt.Sprint(alice.Contacts.Len(), bob.Name, bob.Groups, bob.Subscription); got != "3Bob & Co[Büro Friends] both" {
		t.Errorf("the contacts are %s", got)
	}
	if got := node(alice, bundle.CardKey); !strings.Contains(got, "<FN>Alice &amp; Söhne</FN>") {
		t.Errorf("the card is %s", got)
	}
	if got := node(alice, pep.Key{Kind: pep.Private, Name: "storage:bookmarks storage"}); !strings.Contains(got, "<nick>Al</nick>") {
		t.Errorf("the bookmarks are %s", got)
	}
	if len(carol.Waiting) != 3 || !strings.Contains(string(carol.Waiting[1]), "<body>grüße</body>") || len(slices.Collect(carol.Contacts.Requests())) != 1 {
		t.Errorf("carol has %q and %q", carol.Waiting, carol.Contacts.Encode())
	}
}

func TestTheFilesOfProsodyAreRead(t *testing.T) {
	t.Parallel()
	bob := file(t, "bob@example.org.xml").all["bob@example.org"]
	if !verifies(t, bob, "bob-secret") || bob.SHA1.Iterations != 10_000 || bob.Contacts.Len() != 2 || len(bob.Left) > 0 {
		t.Errorf("%+v", bob)
	}
	if got := node(bob, pep.Key{Kind: pep.Event, Name: "urn:xmpp:bookmarks:1"}); !strings.HasPrefix(got, "2 100 room0@rooms.example:<conference ") || strings.Count(got, "<conference") != 3 {
		t.Errorf("the bookmarks are %s", got)
	}
	carol := file(t, "carol@example.org.xml").all["carol@example.org"]
	requests := slices.Collect(carol.Contacts.Requests())
	if len(requests) != 1 || string(requests[0].Stanza) != "<presence from='alice@example.org' to='carol@example.org' type='subscribe'/>" {
		t.Errorf("the requests are %+v", requests)
	}
}

func TestAccountsComeWithPrefixesCommentsAndBlanks(t *testing.T) {
	t.Parallel()
	r := read(strings.NewReader(`<?xml version="1.0" encoding="UTF-8"?><!-- exported -->
<p:server-data xmlns:p='urn:xmpp:pie:0' xmlns:v="vcard-temp"><p:host jid='LOCALHOST'>
	<p:user name='Alice' password='a &amp; b'><!-- <v:vCard/> --><v:vCard><v:FN>A<!-- -->l</v:FN></v:vCard></p:user>
	<p:user name='bob' password='x'/>
</p:host></p:server-data>`), nil)
	alice := r.all["alice@localhost"]
	if r.err != nil || len(r.all) != 2 || alice == nil || alice.Password != "a & b" || len(alice.Left) > 0 {
		t.Fatalf("%+v", r)
	}
	if got := node(alice, bundle.CardKey); !strings.Contains(got, "<v:FN>Al</v:FN>") || !strings.Contains(got, "xmlns:v='vcard-temp'") {
		t.Errorf("the card is %s", got)
	}
}

func TestWhatCantBeTakenIsNamed(t *testing.T) {
	t.Parallel()
	r := read(strings.NewReader(user(`<scram-credentials xmlns='urn:xmpp:pie:0#scram' mechanism='SCRAM-SHA-512'><iter-count>4096</iter-count></scram-credentials>
<query xmlns='jabber:iq:roster'><item jid='b@localhost/r'/><item jid='c@localhost' subscription='remove'/></query>
<presence xmlns='jabber:client' type='unsubscribe' from='x@localhost'/>
<archive xmlns='urn:xmpp:pie:0#mam'><result/><result/></archive><mystery xmlns='urn:example'/>
<query xmlns='jabber:iq:privacy'><list name='work'/></query>
<offline-messages><message xmlns='jabber:client'/></offline-messages>
<pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='urn:a'><item id='1'/></items></pubsub>`)), nil)
	var items []string
	for _, l := range r.all["alice@localhost"].Left {
		items = append(items, l.Item)
	}
	want := []string{
		"keys for SCRAM-SHA-512", "contact b@localhost/r", "contact c@localhost", "presence of type unsubscribe", "archive", "<mystery xmlns='urn:example'>",
		`privacy list "work"`, "waiting message 1", "node urn:a: item 1",
	}
	if !slices.Equal(items, want) {
		t.Errorf("left are %q", items)
	}
}

func TestABadAccountIsRefusedAndTheOthersAreNot(t *testing.T) {
	t.Parallel()
	r := read(strings.NewReader(`<server-data xmlns='urn:xmpp:pie:0'><host jid='localhost'>
<user password='x'/><user name='a b' password='x'/><user name='ok' password='x'/><room xmlns='urn:example'/>
<user name='deep'>`+strings.Repeat("<a>", maxDepth)+strings.Repeat("</a>", maxDepth)+`</user></host>
<host jid='a@b'><user name='lost' password='x'/></host></server-data>`), nil)
	if r.err != nil || len(r.all) != 1 || r.all["ok@localhost"] == nil || len(r.refused) != 5 {
		t.Errorf("there are %v, and refused are %v, %v", r.all, r.refused, r.err)
	}
}

// Tricks of XML, and files without an end, end the reading with an error. None costs more
// memory than an account may.
func TestDangerousFilesAreRefused(t *testing.T) {
	t.Parallel()
	for name, in := range map[string]io.Reader{
		"entities":      strings.NewReader(`<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]>` + user("&c;")),
		"an entity":     strings.NewReader(user("&lol;")),
		"external":      strings.NewReader(`<!DOCTYPE a SYSTEM "file:///etc/passwd">` + user("")),
		"deep":          io.MultiReader(strings.NewReader("<server-data xmlns='urn:xmpp:pie:0'>"), endless("<a>")),
		"deep account":  io.MultiReader(strings.NewReader("<server-data xmlns='urn:xmpp:pie:0'><host jid='a'><user name='a'>"), endless("<a>")),
		"long text":     io.MultiReader(strings.NewReader("<server-data xmlns='urn:xmpp:pie:0'>"), endless("x")),
		"long account":  io.MultiReader(strings.NewReader("<server-data xmlns='urn:xmpp:pie:0'><host jid='a'><user name='a'>"), endless("<a/>")),
		"long tag":      io.MultiReader(strings.NewReader("<server-data xmlns='urn:xmpp:pie:0'><host jid='a'><user name='"), endless("x")),
		"long comment":  io.MultiReader(strings.NewReader("<!--"), endless("x")),
		"cut off":       strings.NewReader(user("")[:100]),
		"another file":  strings.NewReader("<html/>"),
		"no XML":        strings.NewReader("alice@localhost:secret\n"),
		"nothing":       strings.NewReader(""),
		"another code":  strings.NewReader("<?xml version='1.0' encoding='ISO-8859-1'?>" + user("")),
		"more":          strings.NewReader(user("") + "<"),
		"a directory":   strings.NewReader("<server-data xmlns='urn:xmpp:pie:0' xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='../x.xml'/></server-data>"),
		"an address":    strings.NewReader("<server-data xmlns='urn:xmpp:pie:0' xmlns:xi='http://www.w3.org/2001/XInclude'><xi:include href='http://x/y'/></server-data>"),
		"includes many": strings.NewReader("<server-data xmlns='urn:xmpp:pie:0' xmlns:xi='http://www.w3.org/2001/XInclude'>" + strings.Repeat("<xi:include href='x.xml'/>", maxIncluded+1) + "</server-data>"),
	} {
		r := read(in, func(string) (io.ReadCloser, error) { return nil, nil })
		if r.err == nil {
			t.Errorf("%s is read: %+v", name, r)
		}
	}
}

// An endless reader repeats a text.
type endless string

func (e endless) Read(p []byte) (n int, err error) {
	for n+len(e) <= len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"20261130_example_org.xml", "bob@example.org.xml"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	f.Add(user("<a xmlns:b='c'><!-- --><b:d/></a>"))
	f.Fuzz(func(t *testing.T, in string) {
		for _, b := range read(strings.NewReader(in), nil).all {
			b.Contacts.Encode()
		}
	})
}

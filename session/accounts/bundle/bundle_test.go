package bundle

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

var alice = events.StoredJID("alice@localhost")

func parse(t testing.TB, xml string) *stanza.Element {
	t.Helper()
	el, err := stanza.Parse([]byte(xml), stanza.NSClient, stanza.Limits{Bytes: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return el
}

// left are the items that were left, which each have a reason.
func left(t testing.TB, b *Bundle) (list []string) {
	t.Helper()
	for _, l := range b.Left {
		if list = append(list, l.Item); l.Reason == "" {
			t.Errorf("%s has no reason", l.Item)
		}
	}
	return list
}

func TestMessagesComeWithTheirTimeAndNotTwice(t *testing.T) {
	t.Parallel()
	b := New(alice)
	at := time.UnixMilli(1_600_000_000_123)
	b.TakeMessage(parse(t, "<message from='bob@localhost/x'><body>a</body></message>"), at)
	b.TakeMessage(parse(t, "<message from='bob@localhost' to='alice@localhost/y'><delay xmlns='urn:xmpp:delay' stamp='then'/></message>"), at)
	b.TakeMessage(parse(t, "<message from='bob@localhost'/>"), time.Time{})
	want := []string{
		"<message from='bob@localhost/x' to='alice@localhost'><body>a</body><delay xmlns='urn:xmpp:delay' from='localhost' stamp='2020-09-13T12:26:40.123Z'/></message>",
		"<message from='bob@localhost' to='alice@localhost'><delay xmlns='urn:xmpp:delay' stamp='then'/></message>",
		"<message from='bob@localhost' to='alice@localhost'/>",
	}
	for i, m := range b.Waiting {
		if string(m) != want[i] {
			t.Errorf("%s", m)
		}
	}
	if len(b.Waiting) != len(want) || len(b.Left) > 0 {
		t.Errorf("%d came, left are %v", len(b.Waiting), b.Left)
	}
}

func TestAtEachLimitTheRestIsNamed(t *testing.T) {
	t.Parallel()
	b := New(alice)
	for i := range MaxWaiting + 2 {
		b.TakeMessage(parse(t, "<message from='bob@localhost'/>"), time.Unix(int64(i), 0))
	}
	b.TakeMessage(parse(t, "<message from='bob@localhost'>"+strings.Repeat("x", MaxMessage)+"</message>"), time.Time{})
	for i := range MaxBlocked + 1 {
		b.TakeBlocked(fmt.Sprintf("b%d@localhost", i))
	}
	b.TakeBlocked("b0@localhost") // again
	b.TakeCard(parse(t, "<vCard xmlns='vcard-temp'>"+strings.Repeat("x", pep.MaxBytes)+"</vCard>"))
	if len(b.Waiting) != MaxWaiting || len(b.Blocked) != MaxBlocked || b.Kept != nil || len(b.Left) != 5 {
		t.Errorf("%d messages, %d blocked, left are %q", len(b.Waiting), len(b.Blocked), left(t, b))
	}
	for i := range 2 * maxLeft {
		b.TakeContact(fmt.Sprintf("%d@@", i), "", nil, "", false, false)
	}
	if list := left(t, b); len(list) != maxLeft+1 || list[maxLeft] != "and more" {
		t.Errorf("%d are named, and then %q", len(list), list[len(list)-1])
	}
}

// A node that other servers hide from somebody is shown to nobody more here.
func TestANodeIsNeverMoreOpenThanItWas(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]pep.Access{
		"": pep.Presence, "presence": pep.Presence, "open": pep.Open, "whitelist": pep.Whitelist, "roster": pep.Roster, "authorize": pep.Whitelist, "odd": pep.Whitelist,
	} {
		b := New(alice)
		b.TakeNode(&Node{Name: "n", Settings: map[string][]string{"access_model": {model}, "roster_groups_allowed": {"b", "a", "b"}}})
		n := b.Kept.Node(pep.Key{Name: "n"})
		if n.Access != want || !slices.Equal(n.Groups, []string{"a", "b"}) || (len(b.Left) > 0) != (model == "authorize" || model == "odd") {
			t.Errorf("%q is %v for %q, left are %q", model, n.Access, n.Groups, left(t, b))
		}
	}
}

// A server that does not say how many items a node keeps had as many as there are.
func TestANodeComesWithAllOfItsItems(t *testing.T) {
	t.Parallel()
	b := New(alice)
	item := func(id string) Item { return Item{ID: id, Payload: parse(t, "<i xmlns='urn:i'/>")} }
	b.TakeNode(&Node{
		Name: "n", Items: []Item{item("1"), item("2"), item(""), {ID: "empty"}},
		Affiliates:  []Affiliate{{"alice@localhost", "owner"}, {"bob@localhost", "member"}, {"c@localhost", "outcast"}, {"d@localhost", "publisher"}, {"@", "member"}},
		Subscribers: []string{"bob@localhost/r", "@"},
	})
	n := b.Kept.Node(pep.Key{Name: "n"})
	if len(n.Items) != 3 || n.Items[0].ID != "1" || n.Items[2].ID == "" || n.MaxItems != 4 || n.Affiliation("bob@localhost") != pep.Member || n.Affiliation("c@localhost") != pep.Outcast {
		t.Errorf("%+v", n)
	}
	if got := left(t, b); !slices.Equal(got, []string{"node n: affiliation of d@localhost", "node n: affiliation of @", "node n: subscriber @", "node n: item empty"}) {
		t.Errorf("left are %q", got)
	}
	b.TakeNode(&Node{Name: "fleeting", Settings: map[string][]string{"persist_items": {"0"}}, Items: []Item{item("1")}})
	b.TakeNode(&Node{})
	if got := left(t, b)[4:]; !slices.Equal(got, []string{"node fleeting: item 1", "node"}) {
		t.Errorf("left are %q", got)
	}
}

func TestACardIsMadeOfWhatIsPublishedIfThereIsNone(t *testing.T) {
	t.Parallel()
	publish := func(b *Bundle, node, id, xml string) {
		b.TakeNode(&Node{Name: node, Items: []Item{{ID: id, Payload: parse(t, xml)}}})
	}
	b := New(alice)
	publish(b, nodeCard, "current", `<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'><fn><text>Al</text></fn><nickname><text>A</text></nickname>
<email><parameters><type><text>work</text></type></parameters><text>a@b</text></email><tel><uri>tel:+49</uri></tel><url><uri>http://x</uri></url>
<adr><street>S</street></adr><impp><uri>xmpp:a@b</uri></impp><org><text>O</text></org></vcard>`)
	publish(b, nodeMetadata, "1", "<metadata xmlns='urn:xmpp:avatar:metadata'><info id='1' type='image/png'/></metadata>")
	publish(b, nodeData, "1", "<data xmlns='urn:xmpp:avatar:data'>aGk=</data>")
	b.DeriveCard()
	want := "<vCard xmlns='vcard-temp'><FN>Al</FN><NICKNAME>A</NICKNAME><EMAIL><USERID>a@b</USERID><INTERNET/><WORK/></EMAIL><TEL><NUMBER>+49</NUMBER></TEL><URL>http://x</URL>" +
		"<ADR><POBOX></POBOX><EXTADD></EXTADD><STREET>S</STREET><LOCALITY></LOCALITY><REGION></REGION><PCODE></PCODE><CTRY></CTRY></ADR>" +
		"<JABBERID>a@b</JABBERID><ORG><ORGNAME>O</ORGNAME></ORG><PHOTO><TYPE>image/png</TYPE><BINVAL>aGk=</BINVAL></PHOTO></vCard>"
	if got := string(b.Kept.Node(CardKey).Items[0].XML); got != want {
		t.Errorf("it is %s", got)
	}
	b = New(alice)
	publish(b, nodeCard, "current", "<vcard xmlns='urn:ietf:params:xml:ns:vcard-4.0'/>")
	b.TakeCard(parse(t, "<vCard xmlns='vcard-temp'/>"))
	b.DeriveCard()
	if got := string(b.Kept.Node(CardKey).Items[0].XML); got != "<vCard xmlns='vcard-temp'/>" {
		t.Errorf("it is %s", got)
	}
	b = New(alice)
	b.DeriveCard()
	if b.Kept != nil {
		t.Errorf("there is %q", b.Kept.Encode())
	}
}

func TestCredentialsAreMadeOfWhatTheSourceHas(t *testing.T) {
	t.Parallel()
	b := New(alice)
	if _, err := b.Credentials(time.Now()); !errors.Is(err, auth.ErrKeys) || !b.Keyless() {
		t.Errorf("without any: %v", err)
	}
	b.Password, b.Disabled, b.Created = "pencil", true, time.Unix(1_600_000_000, 0)
	c, err := b.Credentials(time.Now())
	if err != nil || !c.Disabled || c.Created.Unix() != 1_600_000_000 || b.Keyless() {
		t.Fatalf("%+v, %v", c, err)
	}
	if ok, err := c.Verifies("pencil"); !ok || err != nil {
		t.Error("the password is another", err)
	}
	b.SHA1, b.Password = c.SHA1, ""
	if c, err = b.Credentials(time.Now()); err != nil || c.SHA256.Iterations != 0 || c.SHA1.Iterations == 0 {
		t.Errorf("%+v, %v", c, err)
	}
}

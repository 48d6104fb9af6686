package xep0227

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

func written(t *testing.T, form Form, list ...*bundle.Bundle) string {
	t.Helper()
	var out bytes.Buffer
	w := NewWriter(&out, form)
	for _, b := range list {
		if err := w.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func element(t *testing.T, xml string) *stanza.Element {
	t.Helper()
	el, err := stanza.Parse([]byte(xml), stanza.NSClient, stanza.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return el
}

// everything has one of each thing that there is.
func everything(t *testing.T) *bundle.Bundle {
	t.Helper()
	account, err := bundle.Account("zoë", "example.org")
	if err != nil {
		t.Fatal(err)
	}
	b := bundle.New(account)
	c, err := auth.NewCredentials("pencil", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b.SHA256, b.SHA1 = c.SHA256, c.SHA1
	b.TakeContact("bob@example.org", "Bob <3 & 'Co'", []string{"Büro", "<a>"}, "from", true, true)
	b.TakeContact("dave@elsewhere.example", "", nil, "none", false, false)
	b.TakeRequest("carol@example.org", element(t, "<presence type='subscribe'><status>It's me</status></presence>"))
	b.TakeBlocked("spam@example.org")
	b.TakeBlocked("evil.example")
	b.TakeCard(element(t, "<v:vCard xmlns:v='vcard-temp'><v:FN>&lt;Zoë&gt;</v:FN></v:vCard>"))
	b.TakePrivate(element(t, "<storage xmlns='storage:bookmarks'><conference jid='a@b'/></storage>"))
	b.TakePrivate(element(t, "<other xmlns='urn:other'/>"))
	b.TakeMessage(element(t, "<message from='bob@example.org/x' type='chat'><body>hi</body></message>"), time.Unix(1, 0))
	b.TakeNode(&bundle.Node{
		Name: "urn:a'b", Settings: map[string][]string{"access_model": {"roster"}, "roster_groups_allowed": {"Büro"}, "max_items": {"7"}, "send_last_published_item": {"never"}},
		Affiliates: []bundle.Affiliate{{JID: "x@y", Affiliation: "member"}, {JID: "z@y", Affiliation: "outcast"}}, Subscribers: []string{"x@y/r"},
		Items: []bundle.Item{{ID: "1", Payload: element(t, "<i xmlns='urn:i'/>")}, {ID: "2", Payload: element(t, "<i xmlns='urn:i'>&amp;</i>")}},
	})
	b.TakeNode(&bundle.Node{Name: "fleeting", Settings: map[string][]string{"persist_items": {"false"}, "access_model": {"open"}}})
	if len(b.Left) > 0 {
		t.Fatal(b.Left)
	}
	return b
}

func TestWhatIsWrittenIsReadAsTheSame(t *testing.T) {
	t.Parallel()
	for _, form := range []Form{Standard, Ejabberd} {
		want := everything(t)
		empty, err := bundle.Account("empty", "localhost")
		if err != nil {
			t.Fatal(err)
		}
		keyless := bundle.New(empty)
		r := read(strings.NewReader(written(t, form, want, keyless)), nil)
		got := r.all[want.Account.String()]
		if r.err != nil || got == nil || len(got.Left) > 0 || r.all["empty@localhost"] == nil {
			t.Fatalf("%+v, %v", r, got)
		}
		if !bytes.Equal(got.Contacts.Encode(), want.Contacts.Encode()) {
			t.Errorf("the contacts are\n%q, want\n%q", got.Contacts.Encode(), want.Contacts.Encode())
		}
		if !bytes.Equal(got.Kept.Encode(), want.Kept.Encode()) {
			t.Errorf("kept are\n%q, want\n%q", got.Kept.Encode(), want.Kept.Encode())
		}
		if !slices.Equal(got.Blocked, want.Blocked) || fmt.Sprintf("%q", got.Waiting) != fmt.Sprintf("%q", want.Waiting) {
			t.Errorf("blocked are %v, and %q wait", got.Blocked, got.Waiting)
		}
		if !reflect.DeepEqual(got.SHA256, want.SHA256) || (form == Standard) != reflect.DeepEqual(got.SHA1, want.SHA1) {
			t.Errorf("form %d: the keys are %v and %v", form, got.SHA256, got.SHA1)
		}
	}
}

func TestEjabberdGetsKeysInBase64Twice(t *testing.T) {
	t.Parallel()
	b := everything(t)
	b.SHA256 = auth.Keys{}
	twice := base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString(b.SHA1.StoredKey)))
	if text := written(t, Ejabberd, b); !strings.Contains(text, "<stored-key>"+twice+"</stored-key>") {
		t.Errorf("it is\n%s", text)
	}
}

// Files that servers wrote come through unchanged, read, written and read
// again.
func TestTheFilesOfOtherServersComeThrough(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"20261130_example_org.xml", "bob@example.org.xml"} {
		text, err := os.ReadFile("testdata/" + name)
		if err != nil {
			t.Fatal(err)
		}
		for jid, b := range read(bytes.NewReader(text), nil).all {
			again := read(strings.NewReader(written(t, Standard, b)), nil).all[jid]
			if again == nil || !bytes.Equal(again.Contacts.Encode(), b.Contacts.Encode()) || again.Kept.Size() != b.Kept.Size() || fmt.Sprintf("%q", again.Waiting) != fmt.Sprintf("%q", b.Waiting) {
				t.Errorf("%s came as %+v, want %+v", jid, again, b)
			}
		}
	}
}

func TestWhatTheFormatHasNoPlaceForIsNamed(t *testing.T) {
	t.Parallel()
	b := everything(t)
	b.Disabled = true
	b.Waiting = append(b.Waiting, []byte("no XML"))
	written(t, Standard, b)
	if len(b.Left) != 2 || b.Left[0].Item != "waiting message 2" || b.Left[1].Item != "disabled" {
		t.Errorf("left are %v", b.Left)
	}
}

func TestAFullDiskIsAnError(t *testing.T) {
	t.Parallel()
	b := everything(t)
	b.Waiting = slices.Repeat(b.Waiting, 1000)
	w := NewWriter(failing{}, Standard)
	if err := errors.Join(w.Write(b), w.Close()); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("it is %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }

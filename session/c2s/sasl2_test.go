package c2s_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// history is what the log has of an account.
func (w *world) history(user string) (list []events.Event) {
	for st, err := range w.log.Read(context.Background(), events.Range{Account: bare(user)}) {
		if err != nil {
			w.t.Fatal(err)
		}
		list = append(list, st.Event)
	}
	return list
}

func kindsOf(list []events.Event) (kinds []string) {
	for _, e := range list {
		kinds = append(kinds, e.Kind().String())
	}
	return kinds
}

const inSASL2 = "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AGFsaWNlAHB3</initial-response>" +
	"<user-agent id='d4565fa7'><software>Client</software><device>Telephone</device></user-agent>" +
	"<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:carbons:2'/><enable xmlns='urn:xmpp:sm:3'/></bind></authenticate>"

func TestALoginBySASL2IsTheSameEventsAsAnyOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.close()
		w.users("alice", "bob")
		old := w.nodes[0].connect("old")
		old.login("bob", "r")
		old.send("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq><enable xmlns='urn:xmpp:sm:3'/>")
		now := w.nodes[0].connect("now")
		now.open()
		now.send(inSASL2)
		synctest.Wait()
		got, want := w.history("alice"), kindsOf(w.history("bob"))
		if !slices.Equal(kindsOf(got), want) || len(want) != 4 {
			t.Errorf("the history is %q, want %q", kindsOf(got), want)
		}
		if agent := got[0].(events.Authenticated).Agent; agent != "Client, Telephone, d4565fa7" {
			t.Errorf("the user agent is recorded as %q", agent)
		}
	})
}

// The description that a client gives of itself is bounded before it gets into
// the log.
func TestALongUserAgentIsCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		defer w.close()
		w.users("alice")
		c := w.nodes[0].connect("c")
		c.open()
		c.send(strings.Replace(inSASL2, "Telephone", strings.Repeat("é", 3000), 1))
		synctest.Wait()
		agent := w.history("alice")[0].(events.Authenticated).Agent
		if want := "Client, " + strings.Repeat("é", 50) + ", d4565fa7"; agent != want {
			t.Errorf("the user agent is recorded as %q", agent)
		}
	})
}

// A client that says that it could bind and was offered no binding was told the
// truth in one profile, and was lied to in the other (RFC 5802, 6).
func TestAClientThatWasOfferedChannelBindingMayNotSayOtherwise(t *testing.T) {
	w := secureWorld(t, nil)
	l := dial(t, w.listen((*c2s.Server).ServeTLS))
	l.secure()
	l.open()
	first := encode("y,,n=alice,r=fyko+d2lbbFgONRv9qkxdawL")
	l.say("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='SCRAM-SHA-256'><initial-response>" + first + "</initial-response></authenticate>")
	l.hear("<not-authorized")
	l.say("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>" + first + "</auth>")
	l.hear("<challenge")
}

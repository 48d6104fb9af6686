package c2s_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// Whatever a client is told already holds for every stanza that is routed (RFC
// 6120, 7.1). The tests keep a connector's table from getting to know what is
// stored, which in life takes it some 100 µs.

// stick keeps the node's table as it is until the function that it returns is
// called.
func (n *node) stick() (goOn func()) {
	held := make(chan struct{})
	n.stuck.Store(&held)
	return func() {
		n.stuck.Store(nil)
		close(held)
		synctest.Wait()
	}
}

const (
	carbonsOn   = "<iq type='set' id='on'><enable xmlns='urn:xmpp:carbons:2'/></iq>"
	carbonsOff  = "<iq type='set' id='off'><disable xmlns='urn:xmpp:carbons:2'/></iq>"
	newPassword = "<iq type='set' id='pw'><query xmlns='jabber:iq:register'><username>alice</username><password>other</password></query></iq>"
	bindPhone   = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>phone</resource></bind></iq>"
	bindInline  = "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>AGFsaWNlAHB3</initial-response>" +
		"<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:carbons:2'/><enable xmlns='urn:xmpp:sm:3'/></bind></authenticate>"
)

// TestAnAnswerHoldsForWhateverIsSentAfterIt: an answer about routing comes when
// the table routes by it. Others, by which no table routes, come at once.
func TestAnAnswerHoldsForWhateverIsSentAfterIt(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		first  string // what alice has said before, on her stream: bound, unless she says more than how it begins
		says   string
		told   string // by the answer
		atOnce bool
	}{
		{name: "bind", says: bindPhone, told: "<jid>alice@localhost/phone</jid>"},
		{name: "bind inline", says: bindInline, told: "<bound"},
		{name: "carbons on", says: carbonsOn, told: "id='on' type='result'"},
		{name: "carbons off", first: carbonsOn, says: carbonsOff, told: "id='off' type='result'"},
		{name: "available", says: "<presence/>", told: "<presence from='alice@localhost/desk'"},
		{name: "unavailable", first: "<presence/>", says: "<presence type='unavailable'/>", told: "type='unavailable'"},
		{name: "password", says: newPassword, told: "id='pw' type='result'"},
		{name: "roster", says: askRoster, told: "id='roster' type='result'", atOnce: true},
		{name: "stream management", says: "<enable xmlns='urn:xmpp:sm:3'/>", told: "<enabled", atOnce: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			open := func(c *c2s.Config) { c.Registry = c.Accounts.(*accounts) }
			alone(t, open, func(t *testing.T, w *world) {
				a := w.nodes[0].connect("alice")
				a.open()
				if c.told != "<bound" {
					a.send(plain("alice", password))
					a.open()
				}
				if !strings.HasPrefix(c.name, "bind") {
					a.send(strings.Replace(bindPhone, "phone", "desk", 1) + c.first)
				}
				a.answers()
				goOn := w.nodes[0].stick()
				a.send(c.says)
				early := a.answers()
				goOn()
				if told := strings.Contains(early, c.told); told != c.atOnce {
					t.Errorf("before the table knew, the client was sent %s", early)
				}
				if all := early + a.answers(); strings.Count(all, c.told) != 1 {
					t.Errorf("the client was sent %s, want %s in it", all, c.told)
				}
			})
		})
	}
}

// TestAClientThatIsToldOfABlockIsSentNothingMore: even while another client of the
// account changes the list, and its change takes time.
func TestAClientThatIsToldOfABlockIsSentNothingMore(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		list := func(verb, user string) string {
			return "<iq type='set' id='" + verb + "'><" + verb + " xmlns='urn:xmpp:blocking'><item jid='" + user + "@localhost'/></" + verb + "></iq>"
		}
		phone, desk, bob := w.login("alice", "phone", "<presence/>"), w.login("alice", "desk"), w.login("bob", "b")
		stored := make(chan struct{})
		for _, verb := range []string{"block", "unblock"} {
			w.blocked.overtake = func() { <-stored }
			desk.send(list(verb, "carol"))
			synctest.Wait()
			phone.send(list(verb, "bob"))
			told := strings.Contains(phone.answers(), "id='"+verb+"' type='result'")
			bob.send("<message to='alice@localhost' type='chat' id='m'><body>hi</body></message>")
			if refused := strings.Contains(bob.answers(), "<service-unavailable"); told && refused != (verb == "block") {
				t.Errorf("alice was told of the %s, and bob is refused: %t", verb, refused)
			}
			stored <- struct{}{}
			phone.answers()
			bob.send("<message to='alice@localhost' type='chat' id='m'><body>hi</body></message>")
			if refused := strings.Contains(bob.answers(), "<service-unavailable"); refused != (verb == "block") {
				t.Errorf("after the %s bob is refused: %t", verb, refused)
			}
		}
	})
}

// TestNobodyIsRefusedAtAnotherConnectorEither: a client was told that it is there,
// and the table of the connector from which somebody sends it something is behind.
func TestNobodyIsRefusedAtAnotherConnectorEither(t *testing.T) {
	t.Parallel()
	const there = "to='alice@localhost/phone' id='x'"
	for name, says := range map[string]string{
		"message":           "<message " + there + "><body>hi</body></message>",
		"chat":              "<message type='chat' " + there + "><body>hi</body></message>",
		"headline":          "<message type='headline' " + there + "><body>hi</body></message>",
		"headline to all":   "<message type='headline' to='alice@localhost' id='x'><body>hi</body></message>",
		"request":           "<iq type='get' " + there + "><query xmlns='urn:example'/></iq>",
		"response":          "<iq type='result' " + there + "/>",
		"directed presence": "<presence " + there + "/>",
	} {
		t.Run(name, func(t *testing.T) {
			pair(t, func(t *testing.T, w *world) {
				desk, bob := w.login("alice", "desk"), w.nodes[1].connect("bob")
				if name == "chat" { // which goes to the others when the full JID is gone
					desk.send("<presence/>")
				}
				bob.login("bob", "b")
				bob.answers()
				goOn := w.nodes[1].stick()
				phone := w.login("alice", "phone", "<presence/>")
				phone.answers()
				bob.send(says)
				if got := bob.answers() + desk.answers(); strings.Contains(got, "id='x'") {
					t.Errorf("before the other table knew of it: %s", got)
				}
				goOn()
				if got := phone.answers(); strings.Count(got, "id='x'") != 1 {
					t.Errorf("it was sent %s, want what bob says", got)
				}
				if got := bob.answers(); got != "" {
					t.Errorf("bob was sent %s", got)
				}
			})
		})
	}
}

// TestAClientThatSeesAPresenceMaySendToIt: a headline goes to all who are
// there, now or never (RFC 6121, 8.5.2.1.1), and a client is there as soon as
// anybody is shown so, itself included, though its connector may know last.
func TestAClientThatSeesAPresenceMaySendToIt(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		w.watch("bob", "alice")
		alice, bob := w.login("alice", "a"), w.login("bob", "b", "<presence/>")
		unsaid := make(chan struct{})
		w.nodes[0].unsaid.Store(&unsaid)
		alice.send("<presence/>")
		if got := bob.answers(); !strings.Contains(got, "from='alice@localhost/a'") {
			t.Fatalf("bob was sent %s, want alice's presence", got)
		}
		bob.send("<message type='headline' to='alice@localhost' id='h'><body>news</body></message>")
		synctest.Wait()
		w.nodes[0].unsaid.Store(nil)
		close(unsaid)
		if got := alice.answers(); !strings.Contains(got, "id='h'") {
			t.Errorf("alice was sent %s, want the headline", got)
		}
	})
}

// TestWhatIsBlockedIsNotHandedOver: the sender's connector has not heard of the
// block, and the recipient's has told its client.
func TestWhatIsBlockedIsNotHandedOver(t *testing.T) {
	pair(t, func(t *testing.T, w *world) {
		alice, bob := w.login("alice", "a", "<presence/>"), w.nodes[1].connect("bob")
		bob.login("bob", "b")
		bob.answers()
		w.blocked.hold(true)
		alice.send("<iq type='set' id='block'><block xmlns='urn:xmpp:blocking'><item jid='bob@localhost'/></block></iq>")
		if got := alice.answers(); !strings.Contains(got, "id='block' type='result'") {
			t.Fatalf("alice was sent %s", got)
		}
		for _, to := range []string{"alice@localhost", "alice@localhost/a"} {
			bob.send("<message type='chat' to='" + to + "' id='m'><body>hi</body></message><iq type='get' to='" + to + "' id='q'><x xmlns='urn:example'/></iq>")
			if got := alice.answers(); got != "" {
				t.Errorf("alice was sent %s by somebody whom she blocks", got)
			}
			if got := bob.answers(); strings.Count(got, "<service-unavailable") != 2 {
				t.Errorf("bob was sent %s, want two refusals", got)
			}
		}
		w.blocked.hold(false)
	})
}

package c2s_test

import (
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/xdg-go/scram"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/guess"
)

// A way is how a password is sent.
type way func(c *client, user, password string)

func byPlain(c *client, user, password string) { c.send(plain(user, password)) }

func bySASL2(c *client, user, password string) { c.sasl2(user, password, "") }

// sasl2 tries a password as an installation that says which one it is.
func (c *client) sasl2(user, password, id string) {
	c.send("<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'><initial-response>" +
		base64.StdEncoding.EncodeToString([]byte("\x00"+user+"\x00"+password)) +
		"</initial-response><user-agent id='" + id + "'/></authenticate>")
}

func bySCRAM(c *client, user, password string) {
	maker, err := scram.SHA256.NewClient(user, password, "")
	if err != nil {
		panic(err)
	}
	conv := maker.NewConversation()
	first, _ := conv.Step("")
	c.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>" + encode(first) + "</auth>")
	_, challenge, _ := strings.Cut(c.answers(), "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>")
	challenge, _, _ = strings.Cut(challenge, "<")
	said, _ := base64.StdEncoding.DecodeString(challenge)
	final, _ := conv.Step(string(said))
	c.send("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>" + encode(final) + "</response>")
}

// try sends a password over a connection of its own, and tells the answer and how long it
// took.
func (n *node) try(ip string, by way, user, password string) (answer string, after time.Duration) {
	c := n.connectFrom(at(ip), user)
	defer c.drop()
	c.open()
	c.answers()
	begun := time.Now()
	by(c, user, password)
	for answer == "" {
		if answer = c.answers(); answer == "" {
			<-time.After(time.Second)
		}
	}
	return answer, time.Since(begun)
}

// logsIn reports that the right password lets in, and at once.
func (n *node) logsIn(ip, user string) bool {
	answer, after := n.try(ip, byPlain, user, password)
	return strings.Contains(answer, "<success") && after == 0
}

// guess tries wrong passwords until it is told no more.
func (n *node) guess(ip, user string) (told int) {
	for {
		answer, _ := n.try(ip, byPlain, user, "wrong")
		if !strings.Contains(answer, "<not-authorized") {
			return told
		}
		told++
	}
}

// The one address of many: a carrier's, a school's.
func TestAGuesserLocksOutNobodyElseBehindItsAddress(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		n := w.nodes[0]
		if told := n.guess("192.0.2.7", "alice"); told != 5 {
			t.Errorf("%d guesses were answered, want 5", told)
		}
		if !n.logsIn("192.0.2.7", "bob") || !n.logsIn("192.0.2.7", "carol") {
			t.Error("the others behind the address are refused")
		}
		if told := n.guess("192.0.2.7", "alice"); told > 0 {
			t.Errorf("after logins of others the guesser is told %d more", told)
		}
	})
}

func TestALoginOfOnesOwnDoesNotLetOneGuessAgain(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		n, told := w.nodes[0], 0
		for range 20 {
			told += n.guess("192.0.2.7", "alice")
			if !n.logsIn("192.0.2.7", "bob") {
				t.Fatal("the guesser's own account is refused")
			}
		}
		if told > 9 { // four minutes of holding passed
			t.Errorf("%d guesses were answered", told)
		}
	})
}

func TestTheOwnerGetsInWhereSheHasLoggedInBefore(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		n := w.nodes[0]
		if !n.logsIn("192.0.2.7", "alice") {
			t.Fatal("alice is refused")
		}
		<-time.After(24 * time.Hour)
		n.guess("192.0.2.7", "alice")
		for i := range 100 {
			n.guess(fmt.Sprintf("203.0.%d.1", i), "alice")
		}
		if !n.logsIn("192.0.2.7", "alice") {
			t.Error("she is refused at home")
		}
		if !n.logsIn("198.51.100.9", "alice") {
			t.Error("her first try somewhere new is refused")
		}
	})
}

// A telephone in a drawer with the old password.
func TestAClientWithAnOldPasswordDoesNotLockOutItsOwnersOthers(t *testing.T) {
	alone(t, func(c *c2s.Config) { c.LoginRate = -1 }, func(t *testing.T, w *world) {
		n := w.nodes[0]
		if !n.logsIn("192.0.2.7", "alice") {
			t.Fatal("alice is refused")
		}
		for i := range 1000 { // 3.6 hours
			n.try("192.0.2.7", byPlain, "alice", "old")
			<-time.After(3 * time.Second)
			if i%25 == 0 && !n.logsIn("192.0.2.7", "alice") {
				t.Fatalf("after %d tries of the old password she is refused", i)
			}
		}
	})
}

// Whatever a guesser tries, and however: accounts that are there, online there, and not
// there give the same answers after the same time.
func TestTheLimitsDoNotTellWhetherAnAccountExists(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]way{"PLAIN": byPlain, "SASL2": bySASL2, "SCRAM": bySCRAM} {
		t.Run(name, func(t *testing.T) {
			seen := map[string]string{}
			for _, user := range []string{"nobody", "alice", "bob", "carol"} {
				t.Run(user, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { seen[user] = guessesAt(t, user, by) })
				})
			}
			for user, got := range seen {
				if got != seen["nobody"] || !strings.Contains(got, "temporary-auth-failure") {
					t.Errorf("guesses at %s:\n%s\nat nobody:\n%s", user, got, seen["nobody"])
				}
			}
		})
	}
}

// guessesAt is what is seen by a guesser that shares its address with alice and bob.
func guessesAt(t *testing.T, user string, by way) string {
	w := newWorld(t, 1, nil)
	defer w.close()
	w.users("alice", "bob", "carol")
	n := w.nodes[0]
	n.logsIn("192.0.2.7", "alice") // so it is a place of hers
	online := n.connectFrom(at("192.0.2.7"), "bob")
	online.login("bob", "r")
	synctest.Wait()
	var seen strings.Builder
	for range 40 {
		answer, after := n.try("192.0.2.7", by, user, "wrong")
		fmt.Fprintln(&seen, answer, after)
		<-time.After(20 * time.Second)
	}
	return seen.String()
}

func TestWhatIsHeldBackIsAnsweredLateAndSaysWhy(t *testing.T) {
	t.Parallel()
	for name, by := range map[string]way{"PLAIN": byPlain, "SASL2": bySASL2, "SCRAM": bySCRAM} {
		t.Run(name, func(t *testing.T) {
			alone(t, nil, func(t *testing.T, w *world) {
				n := w.nodes[0]
				n.guess("192.0.2.7", "alice")
				for _, word := range []string{password, "wrong"} {
					answer, after := n.try("192.0.2.7", by, "alice", word)
					if after != guess.Hold || !strings.Contains(answer, "too many failures, try again later") || !strings.Contains(answer, "<temporary-auth-failure") {
						t.Errorf("%s after %s: %s", word, after, answer)
					}
				}
				if n.server.Stats().OwnLimits[c2s.LimitFailures] != 3 {
					t.Errorf("counted: %v", n.server.Stats().OwnLimits)
				}
			})
		})
	}
}

// Of IPv6 a customer has more addresses than there are guesses.
func TestNeighboursInIPv6CountTogether(t *testing.T) {
	alone(t, nil, func(t *testing.T, w *world) {
		n, told := w.nodes[0], 0
		for i := range 100 {
			told += n.guess(fmt.Sprintf("2001:db8:1:%x::%d", i, i+1), "alice")
		}
		if told > 60 { // what comes back in the time of the holding included
			t.Errorf("%d guesses from one /48 were answered", told)
		}
	})
}

func TestAnInstallationThatHasLoggedInGetsInFromAnywhere(t *testing.T) {
	const id, other = "d4565fa7-4d72-4749-b3d3-740edbf87770", "11111111-2222-4333-8444-555555555555"
	alone(t, nil, func(t *testing.T, w *world) {
		n := w.nodes[0]
		as := func(id string) way { return func(c *client, user, word string) { c.sasl2(user, word, id) } }
		n.try("192.0.2.7", as(id), "alice", password)
		n.guess("203.0.113.1", "alice")
		if answer, _ := n.try("203.0.113.1", as(other), "alice", password); !strings.Contains(answer, "<temporary-auth-failure") {
			t.Errorf("another installation is answered by %s", answer)
		}
		if answer, after := n.try("203.0.113.1", as(id), "alice", password); !strings.Contains(answer, "<success") || after != 0 {
			t.Errorf("hers is answered by %s after %s", answer, after)
		}
	})
}

// Whoever is told of failures is told of passwords alone, and of addresses alone.
func TestFailuresAreToldWithTheirAddress(t *testing.T) {
	var told []string
	alone(t, func(c *c2s.Config) {
		c.Failed = func(from netip.Addr, held bool) { told = append(told, fmt.Sprint(from, held)) }
	}, func(t *testing.T, w *world) {
		n := w.nodes[0]
		n.try("2001:db8::7", bySCRAM, "alice", "wrong")
		n.try("192.0.2.7", byPlain, "alice", password)
		n.try("192.0.2.7", byPlain, "nobody", "wrong")
		n.try("192.0.2.7", func(c *client, _, _ string) { c.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='X'/>") }, "", "")
		n.guess("192.0.2.7", "nobody")
		want := append([]string{"2001:db8::7 false"}, slices.Repeat([]string{"192.0.2.7 false"}, 5)...)
		if want = append(want, "192.0.2.7 true"); !slices.Equal(told, want) {
			t.Errorf("told of %q, want %q", told, want)
		}
	})
}

// Guests come as often as they like, each as another account.
func TestGuestsDoNotLetTheirAddressFailMoreOften(t *testing.T) {
	const forGuests = "guests.localhost"
	alone(t, func(c *c2s.Config) {
		c.Domains = []string{domain, forGuests}
		c.Users = map[string]auth.Domain{forGuests: {Guests: true}}
	}, func(t *testing.T, w *world) {
		n := w.nodes[0]
		for range 30 {
			c := n.connectFrom(at("192.0.2.7"), "guest")
			c.send("<stream:stream to='" + forGuests + "' version='1.0' xmlns='" + nsClient + "' xmlns:stream='" + nsStreams + "'>" + asGuest)
			if got := c.answers(); !strings.Contains(got, "<success") {
				t.Fatalf("a guest is answered by %s", got)
			}
			c.drop()
		}
		told := 0
		for i := range 30 {
			if answer, _ := n.try("192.0.2.7", byPlain, fmt.Sprint("user", i), "wrong"); strings.Contains(answer, "<not-authorized") {
				told++
			}
		}
		if told != 20 {
			t.Errorf("%d guesses were answered, want 20", told)
		}
	})
}

// A guesser is as far at one connector as at another, and so is the owner.
func TestConnectorsLearnFromEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 2, nil)
		defer w.close()
		w.users("alice", "bob")
		one, two := w.nodes[0], w.nodes[1]
		if !one.logsIn("192.0.2.7", "alice") {
			t.Fatal("alice is refused")
		}
		one.guess("192.0.2.7", "alice")
		one.guess("192.0.2.7", "bob")
		synctest.Wait() // the ends of the connections are recorded too
		for _, e := range w.pre.list {
			r := &events.Record{JID: bare("alice"), Connector: one.incarnation(), Event: e}
			if failed, ok := e.(events.AuthFailed); ok {
				r.JID = bare(failed.Username)
			}
			two.server.LearnFailure(&events.Stored{Record: *r, At: time.Now().UnixNano()})
			one.server.LearnFailure(&events.Stored{Record: *r, At: time.Now().UnixNano()}) // its own: nothing
		}
		if told := two.guess("192.0.2.7", "bob"); told > 0 {
			t.Errorf("the other connector answers %d guesses", told)
		}
		if two.logsIn("192.0.2.7", "bob") {
			t.Error("bob is known where he has never been")
		}
		if !two.logsIn("192.0.2.7", "alice") {
			t.Error("the other connector does not know where alice has logged in")
		}
	})
}

// Whoever waits for an answer holds up no stop of the connector.
func TestAStopEndsTheWaitingForAnswers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, nil)
		w.users("alice")
		n := w.nodes[0]
		n.guess("192.0.2.7", "alice")
		c := n.connectFrom(at("192.0.2.7"), "alice")
		c.open()
		c.send(plain("alice", "wrong"))
		synctest.Wait()
		begun := time.Now()
		w.close()
		if after := time.Since(begun); after > 5*time.Second {
			t.Errorf("it took %s", after)
		}
	})
}

// Those that wait are connections that are not bound, of which the oldest go.
func TestThoseThatWaitForAnswersKeepOutNobody(t *testing.T) {
	alone(t, func(c *c2s.Config) { c.MaxUnbound = 20 }, func(t *testing.T, w *world) {
		n := w.nodes[0]
		n.guess("192.0.2.7", "alice")
		var waiting []*client
		for range 50 {
			c := n.connectFrom(&client{address: &net.TCPAddr{IP: net.ParseIP("192.0.2.7"), Port: 1}}, "alice")
			c.open()
			c.send(plain("alice", "wrong"))
			synctest.Wait()
			waiting = append(waiting, c)
		}
		if !n.logsIn("192.0.2.7", "bob") {
			t.Error("bob is kept out")
		}
		if got := waiting[0].answers(); !strings.HasSuffix(got, "(closed)") {
			t.Errorf("the oldest was sent %s", got)
		}
		for _, c := range waiting {
			c.drop()
		}
	})
}

// A WebSocket is a connection like any other, from the address that its proxy tells.
func TestGuessesOverWebSocketAreLimitedAlike(t *testing.T) {
	t.Parallel()
	_, url := openWeb(t, nil)
	try := func(ip, word string) string {
		s, err := tryOpenSocket(t, url, &websocket.DialOptions{Subprotocols: []string{"xmpp"}, HTTPHeader: http.Header{"X-Forwarded-For": {ip}}})
		if err != nil {
			t.Fatal(err)
		}
		s.say(framedOpen)
		s.mustHear("<open")
		s.mustHear("<stream:features")
		s.say(plain("alice", word))
		return s.hear(patience)
	}
	for range 5 {
		if got := try("203.0.113.5", "wrong"); !strings.Contains(got, "<not-authorized/>") {
			t.Fatalf("a guess is answered by %s", got)
		}
	}
	begun := time.Now()
	if got := try("203.0.113.5", password); !strings.Contains(got, "too many failures") || time.Since(begun) < guess.Hold {
		t.Errorf("the next one is answered after %s by %s", time.Since(begun), got)
	}
	if got := try("192.0.2.7", password); !strings.Contains(got, "<success") {
		t.Errorf("the owner is answered by %s", got)
	}
}

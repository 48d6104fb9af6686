package c2s_test

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
)

// unhurried gives a message a second.
type unhurried struct{ delivery.Offline }

func (s unhurried) Take(ctx context.Context, account events.JID) iter.Seq2[events.Document, error] {
	return func(yield func(events.Document, error) bool) {
		for kept, err := range s.Offline.Take(ctx, account) {
			<-time.After(time.Second)
			if !yield(kept, err) {
				return
			}
		}
	}
}

func TestNewMessagesComeAfterThoseThatWaited(t *testing.T) {
	t.Parallel()
	for _, nodes := range []int{1, 2} {
		t.Run(fmt.Sprintf("connectors=%d", nodes), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newAfterWaiting(t, nodes) })
		})
	}
}

func newAfterWaiting(t *testing.T, nodes int) {
	w := newWorld(t, nodes, func(c *c2s.Config) { c.Offline = unhurried{c.Offline} })
	defer w.close()
	w.users("alice", "bob")
	w.watch("alice", "bob")
	alice, bob := w.nodes[0].connect("alice"), w.nodes[nodes-1].connect("bob")
	alice.login("alice", "a")
	alice.send("<presence/>")
	for i := range 3 {
		alice.send(fmt.Sprintf("<message to='bob@localhost'><body>%d</body></message>", i))
	}
	bob.login("bob", "b")
	synctest.Wait()
	alice.take()
	bob.take()

	bob.send("<presence/>")
	synctest.Wait()
	if seen := alice.take(); len(seen) != 1 {
		t.Fatal("bob is not seen:", seen)
	}
	alice.send("<message to='bob@localhost'><body>3</body></message>" +
		"<iq type='get' id='4' to='bob@localhost/b'><query xmlns='urn:example:q'/></iq>")
	<-time.After(time.Minute)
	var got []string
	for _, item := range bob.take() {
		for _, part := range []string{"0", "1", "2", "3", "id='4'"} {
			if strings.Contains(item, ">"+part+"<") || strings.Contains(item, " "+part) {
				got = append(got, part)
			}
		}
	}
	if order := strings.Join(got, " "); order != "0 1 2 3 id='4'" {
		t.Error("the order was", order)
	}
}

// A counter counts those who look for messages that wait.
type counter struct {
	delivery.Offline
	takes *atomic.Int32
}

func (c counter) Take(ctx context.Context, account events.JID) iter.Seq2[events.Document, error] {
	c.takes.Add(1)
	return c.Offline.Take(ctx, account)
}

// A session that is over would hold up the others if it took what waits.
func TestWhenASessionEndsOnlyTheOthersLook(t *testing.T) {
	var takes atomic.Int32
	alone(t, func(c *c2s.Config) { c.Offline = counter{c.Offline, &takes} }, func(t *testing.T, w *world) {
		w.login("alice", "stays", "<presence/>")
		w.login("alice", "goes", "<enable xmlns='urn:xmpp:sm:3' resume='true'/>", "<presence/>").drop()
		synctest.Wait()
		takes.Store(0)
		if _, _, err := w.nodes[0].service.Do(t.Context(), bare("alice"), [16]byte{}, session.Kick{Resource: "goes"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if n := takes.Load(); n != 1 {
			t.Errorf("%d sessions looked for what waits", n)
		}
	})
}

// lookups counts how often an account is looked up.
type lookups struct {
	auth.CredentialStore
	n atomic.Int32
}

func (l *lookups) Credentials(ctx context.Context, account events.JID) (*auth.Credentials, error) {
	l.n.Add(1)
	return l.CredentialStore.Credentials(ctx, account)
}

// Whether there is the account, and whether its role has messages wait, is one question.
func TestAMessageThatIsToWaitHasItsAccountLookedUpOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var people lookups
		w := newWorld(t, 1, func(c *c2s.Config) { people.CredentialStore, c.Accounts = c.Accounts, &people })
		defer w.close()
		w.users("alice", "bob")
		alice := w.login("alice", "a")
		for to, want := range map[string]string{"bob": "", "nobody": "<service-unavailable"} {
			before := people.n.Load()
			alice.send("<message to='" + to + "@localhost'><body>hello</body></message>")
			synctest.Wait()
			if got := strings.Join(alice.take(), "\n"); !strings.Contains(got, want) || want == "" && got != "" {
				t.Errorf("to %s: %s", to, got)
			}
			if n := people.n.Load() - before; n != 1 {
				t.Errorf("%s is looked up %d times", to, n)
			}
		}
	})
}

package c2s_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// Whoever makes, changes and removes an account in-band is its owner, by the JID that the
// client has then.
func TestWhatAnOwnerDoesIsRecordedAsTheOwners(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, func(c *c2s.Config) { c.Registry = c.Accounts.(*accounts) })
		defer w.close()
		w.users("bob")
		const form = "<iq type='set' id='1'><query xmlns='jabber:iq:register'><username>dave</username><password>" + password + "</password></query></iq>"
		fresh := w.nodes[0].connect("fresh")
		fresh.open()
		fresh.send(form)
		synctest.Wait()
		desk, phone := w.nodes[0].connect("desk"), w.nodes[0].connect("phone")
		desk.login("dave", "desk")
		phone.login("dave", "phone")
		synctest.Wait()
		desk.send(form)
		synctest.Wait()
		desk.send("<iq type='set' id='2'><query xmlns='jabber:iq:register'><remove/></query></iq>")
		synctest.Wait()
		var got []string
		for _, e := range w.history("dave") {
			switch e := e.(type) {
			case events.AccountCreated, events.PasswordChanged, events.AccountRemoved:
				got = append(got, fmt.Sprintf("%T%v", e, e))
			case events.Closed:
				got = append(got, fmt.Sprintf("%s by %s", e.Reason, e.By))
			}
		}
		want := []string{
			"events.AccountCreated{dave@localhost}",
			"password_changed by dave@localhost/desk", "events.PasswordChanged{dave@localhost/desk}",
			"account_removed by dave@localhost/desk", "events.AccountRemoved{dave@localhost/desk}",
		}
		if !slices.Equal(got, want) {
			t.Errorf("the history is\n%s", strings.Join(got, "\n"))
		}
	})
}

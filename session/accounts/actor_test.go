package accounts

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// actors names the events of an account that say who did them.
func (w *world) actors(account string) (all []string) {
	w.t.Helper()
	for st, err := range w.bus.Log().Read(w.t.Context(), events.Range{Account: jid(account)}) {
		w.must(err)
		switch e := st.Event.(type) {
		case events.Closed:
			all = append(all, fmt.Sprint(e.Reason, " by ", e.By))
		case events.AccountCreated:
			all = append(all, fmt.Sprint("created by ", e.By))
		case events.PasswordChanged:
			all = append(all, fmt.Sprint("changed by ", e.By))
		case events.AccountRemoved:
			all = append(all, fmt.Sprint("removed by ", e.By))
		}
	}
	return all
}

func TestEveryChangeSaysWhoMadeIt(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	w.must(w.Create(t.Context(), "token house", alice, "secret"))
	w.login("alice@localhost", "phone")
	_, _, err := w.Kick(t.Context(), alice, session.Kick{By: "cli root@example"})
	w.must(err)
	w.login("alice@localhost", "phone")
	_, err = w.SetPassword(t.Context(), "token help desk", alice, "other")
	w.must(err)
	w.login("alice@localhost", "phone")
	_, err = w.Remove(t.Context(), "cli\n"+events.Actor(strings.Repeat("x", 300)), alice)
	w.must(err)
	w.must(w.FinishRemoval(t.Context(), "cli restorer@example", alice))

	im := w.read("alice@localhost:secret")
	im.By = "cli importer@example"
	_, err = im.MakeKeys(t.Context())
	w.must(err)
	_, err = im.Store(t.Context())
	w.must(err)

	long := "cli\ufffd" + strings.Repeat("x", events.MaxActor-len("cli\ufffd"))
	want := []string{
		"created by token house",
		"kicked by cli root@example",
		"password_changed by token help desk", "changed by token help desk",
		"account_removed by " + long, "removed by " + long,
		"removed by cli restorer@example",
		"created by cli importer@example",
	}
	if got := w.actors("alice@localhost"); !slices.Equal(got, want) {
		t.Errorf("it is\n%s\nnot\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestAKickEndsTheSessionOfAnIDAndSaysWhereThatStands(t *testing.T) {
	w := newWorld(t)
	alice := jid("alice@localhost")
	phone := w.login("alice@localhost", "phone")
	w.login("alice@localhost", "desk")
	for _, want := range []int{1, 0} {
		ended, at, err := w.Kick(t.Context(), alice, session.Kick{Session: phone, By: root})
		if err != nil || len(ended) != want || want > 0 && ended[0].ID != phone {
			t.Fatalf("ended %v, %v", ended, err)
		}
		last, err := w.bus.Log().Last(t.Context(), alice)
		w.must(err)
		if (at == last.Seq) != (want > 0) || (at == 0) != (want == 0) {
			t.Errorf("%d sessions ended at %d, the last record is at %d", want, at, last.Seq)
		}
	}
}

package projector

import (
	"strings"
	"testing"
	"unsafe"

	"github.com/rollcall-xmpp/rollcall/session"
)

// The table must not keep the message that a text came in, and few copies of
// the texts that thousands of clients send alike.
func TestTextsAreTheTablesOwnAndSharedAmongSessions(t *testing.T) {
	k := newInterner()
	message := strings.Repeat("x", 100)
	a, b := k.text(message[:50]), k.text(message[50:])
	switch {
	case a != message[:50]:
		t.Error("the text was changed")
	case unsafe.StringData(a) == unsafe.StringData(message):
		t.Error("the text still refers to the message")
	case unsafe.StringData(a) != unsafe.StringData(b):
		t.Error("two equal texts are kept twice")
	}
	long := strings.Repeat("y", internText)
	if k.text(long) != long {
		t.Error("a long text was changed")
	}
	if n := testing.AllocsPerRun(100, func() { k.text(message[:50]) }); n != 0 {
		t.Errorf("a text that was met before costs %v allocations", n)
	}
}

func TestAnAccountsNameIsKeptOnceWithItsSessions(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.bound(1, "alice@localhost", "a")
	a := w.table().Account(jid("alice@localhost"))
	if unsafe.StringData(a.JID().String()) != unsafe.StringData(a.Sessions()[0].JID().String()) {
		t.Error("it is kept twice")
	}
}

func TestATokenOutlivesTheMessageThatItCameIn(t *testing.T) {
	t.Parallel()
	w := newScribe()
	w.online(1, "alice@localhost", "a", 0)
	w.must("alice@localhost", session.EnableStreamManagement{Session: sid(1), Resumable: true, Max: 60, TokenHash: "hash"})
	w.must("alice@localhost", session.Authenticate{Session: sid(2)})
	table := NewTable()
	run(t, Config{Log: w.log, Table: table})
	if err := table.WaitFor(t.Context(), at(w.last())); err != nil {
		t.Fatal(err)
	}
	w.must("bob@localhost", session.CreateAccount{}) // by now the buffers before are spoiled
	if err := table.WaitFor(t.Context(), at(w.last())); err != nil {
		t.Fatal(err)
	}
	resume := session.Resume{Session: sid(2), Previous: sid(1), TokenHash: "hash"}
	if _, err := session.Decide(table.Account(jid("alice@localhost")), resume); err != nil {
		t.Error(err)
	}
}

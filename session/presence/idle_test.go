package presence

import (
	"fmt"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// leave makes the index know an account with a roster of this size that no
// longer has a session.
func (x *index) leave(name string, size int) *account {
	a := &account{jid: events.StoredJID(name + "@localhost"), watched: map[events.JID]struct{}{}, size: size}
	x.accounts[a.jid] = a
	x.rest(a)
	return a
}

func TestIdleAccountsAreForgottenByNumberAndBySize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, size, kept int }{
		{maxIdle + 10, 1, maxIdle},
		{20, maxIdleBytes / 10, 10},
		{1, maxIdleBytes + 1, 0},
	} {
		x := newIndex()
		for i := range c.n {
			x.leave(fmt.Sprint("user", i), c.size)
		}
		if len(x.accounts) != c.kept || x.idle.accounts.Len() != c.kept || x.idle.bytes != c.kept*c.size {
			t.Errorf("%d accounts of %d bytes: %d are known, %d idle of %d bytes, want %d",
				c.n, c.size, len(x.accounts), x.idle.accounts.Len(), x.idle.bytes, c.kept)
		}
		if last := x.accounts[events.StoredJID(fmt.Sprint("user", c.n-1, "@localhost"))]; c.kept > 0 && last == nil {
			t.Error("the one that left last is forgotten")
		}
	}
}

func TestAnIdleAccountThatIsNeededAgainIsNotForgotten(t *testing.T) {
	t.Parallel()
	x := newIndex()
	a := x.leave("alice", 1)
	x.idle.remove(a) // as enter does
	a.users++
	for i := range maxIdle + 10 {
		x.leave(fmt.Sprint("user", i), 1)
	}
	if x.accounts[a.jid] != a {
		t.Error("an account that is in use was forgotten")
	}
}

// A roster that grows while nobody is there counts.
func TestAnIdleAccountsRosterThatGrowsIsCounted(t *testing.T) {
	t.Parallel()
	x := newIndex()
	first, second := x.leave("alice", maxIdleBytes/2), x.leave("bob", maxIdleBytes/2)
	x.idle.resize(second, maxIdleBytes)
	x.trim()
	if x.accounts[first.jid] != nil || x.accounts[second.jid] != second || x.idle.bytes != maxIdleBytes {
		t.Errorf("%d accounts of %d bytes are idle", x.idle.accounts.Len(), x.idle.bytes)
	}
}

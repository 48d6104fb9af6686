package presence

import (
	"fmt"
	"testing"

	"rollcall/events"
)

// leave makes the index know an account with a roster of this size that no
// longer has a session.
func (h *index) leave(name string, size int) *account {
	a := &account{jid: events.StoredJID(name + "@localhost"), watched: map[events.JID]struct{}{}, size: size}
	h.accounts[a.jid] = a
	h.rest(a)
	return a
}

func TestIdleAccountsAreForgottenByNumberAndBySize(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ n, size, kept int }{
		{maxIdle + 10, 1, maxIdle},
		{20, maxIdleBytes / 10, 10},
		{1, maxIdleBytes + 1, 0},
	} {
		h := newIndex()
		for i := range c.n {
			h.leave(fmt.Sprint("user", i), c.size)
		}
		if len(h.accounts) != c.kept || h.idle.accounts.Len() != c.kept || h.idle.bytes != c.kept*c.size {
			t.Errorf("%d accounts of %d bytes: %d are known, %d idle of %d bytes, want %d",
				c.n, c.size, len(h.accounts), h.idle.accounts.Len(), h.idle.bytes, c.kept)
		}
		if last := h.accounts[events.StoredJID(fmt.Sprint("user", c.n-1, "@localhost"))]; c.kept > 0 && last == nil {
			t.Error("the one that left last is forgotten")
		}
	}
}

func TestAnIdleAccountThatIsNeededAgainIsNotForgotten(t *testing.T) {
	t.Parallel()
	h := newIndex()
	a := h.leave("alice", 1)
	h.idle.remove(a) // as enter does
	a.users++
	for i := range maxIdle + 10 {
		h.leave(fmt.Sprint("user", i), 1)
	}
	if h.accounts[a.jid] != a {
		t.Error("an account that is in use was forgotten")
	}
}

// A roster that grows while nobody is there counts.
func TestAnIdleAccountsRosterThatGrowsIsCounted(t *testing.T) {
	t.Parallel()
	h := newIndex()
	first, second := h.leave("alice", maxIdleBytes/2), h.leave("bob", maxIdleBytes/2)
	h.idle.resize(second, maxIdleBytes)
	h.trim()
	if h.accounts[first.jid] != nil || h.accounts[second.jid] != second || h.idle.bytes != maxIdleBytes {
		t.Errorf("%d accounts of %d bytes are idle", h.idle.accounts.Len(), h.idle.bytes)
	}
}

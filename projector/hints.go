package projector

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// maxHints is how many ends of an account's last session the table remembers, with
// what the next login needs: some 3 MB. It is as many as there are accounts whose
// credentials a connector keeps (auth.Recent), so that a client that comes back in
// that time is asked about nowhere.
const maxHints = 16_384

// hints are accounts without sessions that the index still has, in the order of their
// newest records. One that has changed since is passed over when its turn comes. They
// are the folding goroutine's, which holds the table's mu.
type hints struct {
	list  []*session.Account
	first int // those before it are gone
	limit int
}

func (q *hints) add(a *session.Account) { q.list = append(q.list, a) }

// surplus takes the oldest if there are too many, otherwise it returns nil.
func (q *hints) surplus() *session.Account {
	if len(q.list)-q.first <= q.limit {
		return nil
	}
	a := q.list[q.first]
	q.list[q.first] = nil
	if q.first++; q.first > q.limit {
		q.list = append(q.list[:0:0], q.list[q.first:]...)
		q.first = 0
	}
	return a
}

// forget makes room in the index: it drops what nothing but the sequence is known of,
// and the log knows that as well. A snapshot has to find everything where it was, so
// while one is read nothing is dropped. The caller holds mu.
func (t *Table) forget() {
	if len(t.snapshots) > 0 {
		return
	}
	// More than one only after a snapshot: then it catches up slowly.
	for range 2 {
		a := t.hints.surplus()
		if a == nil {
			return
		}
		if h := t.accounts.hash(a.JID()); t.accounts.get(h, a.JID()) == a {
			t.forgotten.Store(uint64(a.Seq)) // before it is gone, see session.States
			t.accounts.remove(h, a.JID())
		}
	}
}

// begin says that the fold begins after a place in the log, and that the table has all
// sessions of then: of other accounts it knows nothing up to there. The caller holds
// mu.
func (t *Table) begin(after events.Seq) {
	if !t.begun {
		t.begun = true
		t.forgotten.Store(uint64(after))
	}
}

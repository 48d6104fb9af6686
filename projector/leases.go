package projector

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Which connectors held a lease, as the log says it. The table of the past has no
// other word of that; the present one is told sooner, by whoever watches the leases
// (lost.go).

// Leases is what the log says of connectors' leases, up to the table's sequence. Of
// those that have ended only the ones are left that hold sessions: a name is
// forgotten when they are closed, so that the table stays small however many
// connectors there ever were. It is nil if the log says nothing.
func (t *Table) Leases() *session.Leases { return t.leases.Load() }

// showLease folds a record of events.Connectors.
func (t *Table) showLease(st *events.Stored) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if st.Seq <= t.folded {
		return
	}
	t.begin(st.Seq - 1)
	own, known := *st, t.Leases()
	t.texts().internLease(&own)
	t.leases.Store(session.ApplyLease(known, &own).Forget(t.stats.holds))
	t.folded = st.Seq
	var before last
	if known != nil {
		before = last{known.Seq, known.At}
	}
	t.stats.count(st, before, t.Forgotten())
}

// forgetLeases is called when sessions may have come or gone. The caller holds mu.
func (t *Table) forgetLeases() {
	known := t.Leases()
	if known == nil || len(known.Ended) == 0 {
		return
	}
	if left := known.Forget(t.stats.holds); left != known {
		t.leases.Store(left)
	}
}

// holds reports that the incarnation, or one before it of its name, holds sessions.
func (y *stats) holds(ended events.Incarnation) bool {
	for i := range y.holders {
		if i.Name == ended.Name && i.Epoch <= ended.Epoch {
			return true
		}
	}
	return false
}

// internLease gives a record of events.Connectors names of its own.
func (k *interner) internLease(st *events.Stored) {
	st.Connector.Name = k.text(st.Connector.Name)
	if e, ok := st.Event.(events.ConnectorLost); ok {
		e.Lost.Name = k.text(e.Lost.Name)
		st.Event = e
	}
}

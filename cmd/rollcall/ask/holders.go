package ask

import (
	"context"
	"iter"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Holders tells which connector held a session until it ended. The record of the end names
// only whoever wrote it, such as the connector that found another one lost. It is for one
// goroutine.
type Holders struct {
	read     func(context.Context, events.Range) iter.Seq2[*events.Stored, error] // nil: only what is taken is known
	names    map[events.SessionID]string
	deadline time.Time // of all reading
}

// NewHolders knows what it takes and, if read is not nil, reads what came before that: two
// seconds in all, and only if the end of a session is taken and nothing else of it was.
func NewHolders(read func(context.Context, events.Range) iter.Seq2[*events.Stored, error]) *Holders {
	return &Holders{read: read, names: map[events.SessionID]string{}}
}

// Take takes the next record, in the order of the log. If it is the end of a session, Take
// returns the name of the connector that held it, or "" if that is not known. Errors are
// those of the log.
func (h *Holders) Take(ctx context.Context, st *events.Stored) (held string, err error) {
	if _, ends := st.Event.(events.Closed); !ends {
		h.note(st)
		return "", nil
	}
	if h.names[st.Session] == "" && h.read != nil {
		err = h.find(ctx, st)
	}
	held = h.names[st.Session]
	delete(h.names, st.Session)
	return held, err
}

// note remembers whoever holds a session. That it is detached, whoever found its
// connector lost may have written.
func (h *Holders) note(st *events.Stored) {
	if k := st.Event.Kind(); k != events.KindDetached && k < events.KindConnected && st.Session != (events.SessionID{}) {
		h.names[st.Session] = st.Connector.Name
	}
}

// find looks for the newest record of a session before its end.
func (h *Holders) find(ctx context.Context, end *events.Stored) error {
	if h.deadline.IsZero() {
		h.deadline = time.Now().Add(maxTime)
	}
	n := 0
	for st, err := range events.Intact(h.read(ctx, events.Range{Account: end.Account(), Since: end.Session.Began().Add(-skew), To: end.Seq - 1})) {
		if err != nil {
			return err
		}
		if _, ends := st.Event.(events.Closed); !ends && st.Session == end.Session {
			h.note(st)
		}
		if n++; n%1000 == 0 && time.Now().After(h.deadline) {
			break
		}
	}
	return ctx.Err()
}

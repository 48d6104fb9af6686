package person

import (
	"context"
	"iter"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// sessions is the table of the account's stays.
func (x *export) sessions() table {
	return table{
		name: "sessions",
		means: "Each session from its beginning to its end. One without an end goes on. first_address is where it was begun\n" +
			"from, address where its newest connection came from; what the log has forgotten of its beginning is missing.\n" +
			"They are in the order of their ends. began is when the login was over; in the table of events it is when the\n" +
			"login began, by the session's id, so a stay is longer there by what the login took.",
		columns: []string{
			"session", "who", "jid", "began", "ended", "duration_ms", "reason", "text", "by", "first_address", "address",
			"mechanism", "tls", "agent", "connector", "detaches", "resumes",
		},
		rows: x.stays,
	}
}

// A beginning is what only the records of a session say that the session itself does not
// know.
type beginning struct {
	who               any
	login             events.Authenticated
	detaches, resumes int
}

// beginnings are those of the sessions that are open at one place of the log. It sees each
// record before it is folded, and is read for the account alone.
type beginnings struct {
	events.Log
	x    *export
	open map[events.SessionID]*beginning
}

// Read implements events.Log.
func (b *beginnings) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range b.x.records(ctx) {
			if err == nil && st.Seq <= r.After {
				continue
			}
			if err == nil && !st.Session.IsZero() {
				err = b.see(ctx, st)
			}
			if !yield(st, err) {
				return
			}
		}
	}
}

func (b *beginnings) see(ctx context.Context, st *events.Stored) (err error) {
	s := b.open[st.Session]
	if s == nil {
		s = &beginning{}
		if s.who, err = b.x.who(ctx, st); err != nil {
			return err
		}
		b.open[st.Session] = s
	}
	switch e := st.Event.(type) {
	case events.Authenticated:
		s.login = e
	case events.Detached:
		s.detaches++
	case events.Resumed:
		s.resumes++
	}
	return nil
}

func (x *export) stays(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		seen := &beginnings{Log: x.Archive.Log, x: x, open: map[events.SessionID]*beginning{}}
		archive := x.Archive
		archive.Log = seen
		for l, err := range replay.Sessions(ctx, archive, x.reading) {
			if err != nil {
				yield(row{}, err)
				return
			}
			b := seen.open[l.ID]
			if b == nil {
				b = &beginning{}
			}
			delete(seen.open, l.ID)
			if !yield(stay(&l, b, x.reading.Until), nil) {
				return
			}
		}
	}
}

func stay(l *replay.Lifetime, b *beginning, until time.Time) row {
	return row{cells: []any{
		l.ID.String(), b.who, l.JID().String(), at(l.Since), at(l.Ended), l.Duration(until).Milliseconds(), string(l.Reason), l.Text, string(l.By),
		b.login.Address, l.Address(), b.login.Mechanism, b.login.TLS, b.login.Agent, l.Connector().Name, b.detaches, b.resumes,
	}}
}

package person

import (
	"context"
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// logins is the table of whoever came in, with the addresses that they came from.
func (x *export) logins() table {
	return table{
		name: "logins",
		means: "Each login that succeeded (authenticated), and each connection that took an earlier session over (resumed),\n" +
			"with the client's address.",
		columns: []string{"seq", "time", "type", "session", "who", "jid", "address", "mechanism", "tls", "agent", "connector"},
		rows: func(ctx context.Context) iter.Seq2[row, error] {
			return x.each(ctx, func(st *events.Stored) (row, bool, error) { return x.login(ctx, st) })
		},
	}
}

func (x *export) login(ctx context.Context, st *events.Stored) (r row, meant bool, err error) {
	var a events.Authenticated
	switch e := st.Event.(type) {
	case events.Authenticated:
		a = e
	case events.Resumed:
		a.Address = e.Address
	default:
		return r, false, nil
	}
	who, err := x.who(ctx, st)
	return row{cells: []any{
		uint64(st.Seq), at(st.At), st.Event.Kind().String(), st.Session.String(), who, st.JID.String(),
		a.Address, a.Mechanism, a.TLS, a.Agent, st.Connector.Name,
	}}, true, err
}

// failedLogins is the table of whoever tried to come in as the account and did not.
func (x *export) failedLogins() table {
	return table{
		name: "failed_logins",
		means: "Each login that failed for the account's name, whoever tried it, so none has a pseudonym: of a name that was\n" +
			"given again only the time tells which account was meant. They are of another stream (RC_PRE), with sequences\n" +
			"of its own, which is not kept as long as the log, and may have been thinned out under load.",
		columns: []string{"seq", "part", "time", "username", "address", "mechanism", "condition", "connector"},
		rows:    x.failures.all,
	}
}

func (x *export) failed(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for st, err := range events.Intact(x.Pre.Read(ctx, x.reading.Since, x.reading.Until)) {
			if err != nil {
				yield(row{}, err)
				return
			}
			e, ok := st.Event.(events.AuthFailed)
			if !ok || !replay.IsFailedLoginTo(x.account, st) {
				continue
			}
			r := row{cells: []any{uint64(st.Seq), st.Part, at(st.At), e.Username, e.Address, e.Mechanism, e.Condition, st.Connector.Name}}
			if !yield(r, nil) {
				return
			}
		}
	}
}

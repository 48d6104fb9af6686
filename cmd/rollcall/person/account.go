package person

import (
	"context"
	"errors"
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// accounts is the table of the account's incarnations: a name that was removed may be
// made again, and be somebody else's.
func (x *export) accounts() table {
	return table{
		name: "accounts",
		means: "The account, a row for each time that it was made: from its creation to its removal, with its pseudonym (who),\n" +
			"by which rows of the other tables name it (none if rollcall names erase has forgotten it), and the sequences and times of the first and last event of it that\n" +
			"the log still has. exists is true of the one that there is now; of that one also the role, whether it is\n" +
			"disabled, and when it was made and its password was set last.",
		columns: []string{
			"account", "who", "exists", "created", "removed", "first_seq", "first", "last_seq", "last", "role", "disabled", "made", "password_set",
		},
		rows: x.incarnations,
	}
}

// An incarnation is what the log has of the account between a creation and a removal.
type incarnation struct {
	who              any
	created, removed int64
	first, last      events.Position
	firstAt, lastAt  int64
}

func (x *export) incarnations(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		list, err := x.incarnated(ctx)
		if err != nil {
			yield(row{}, err)
			return
		}
		now, err := x.credentials(ctx)
		if err != nil {
			yield(row{}, err)
			return
		}
		if now != nil && (len(list) == 0 || list[len(list)-1].removed != 0) {
			list = append(list, incarnation{}) // of which the log has nothing yet, or nothing any longer
		}
		for i := range list {
			present := now
			if i < len(list)-1 {
				present = nil
			}
			if !yield(x.incarnation(&list[i], present), nil) {
				return
			}
		}
	}
}

// incarnated reads the incarnations that the log knows of.
func (x *export) incarnated(ctx context.Context) (list []incarnation, err error) {
	for st, err := range events.Intact(x.records(ctx)) {
		if err != nil {
			return nil, err
		}
		kind := st.Event.Kind()
		if len(list) == 0 || kind == events.KindAccountCreated {
			i := incarnation{first: st.Position(), firstAt: st.At}
			if i.who, err = x.who(ctx, st); err != nil {
				return nil, err
			}
			list = append(list, i)
		}
		i := &list[len(list)-1]
		i.last, i.lastAt = st.Position(), st.At
		switch kind {
		case events.KindAccountCreated:
			i.created = st.At
		case events.KindAccountRemoved:
			i.removed = st.At
		}
	}
	return list, ctx.Err()
}

// credentials are those of the account that there is now; nil if there is none.
func (x *export) credentials(ctx context.Context) (*auth.Credentials, error) {
	doc, err := x.Keys.Get(ctx, x.account)
	if errors.Is(err, events.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return auth.DecodeCredentials(doc.Data)
}

func (x *export) incarnation(i *incarnation, now *auth.Credentials) row {
	cells := []any{
		x.account.String(), i.who, now != nil, at(i.created), at(i.removed), nil, at(i.firstAt), nil, at(i.lastAt), nil, nil, nil, nil,
	}
	if i.first.Seq > 0 {
		cells[5], cells[7] = uint64(i.first.Seq), uint64(i.last.Seq)
	}
	if now != nil {
		cells[9], cells[10], cells[11], cells[12] = now.Role, now.Disabled, instant(now.Created), instant(now.Changed)
	}
	return row{cells: cells}
}

// contacts is the table of the account's roster as it is now.
func (x *export) contacts() table {
	return table{
		name: "roster",
		means: "The contacts as they are now (RFC 6121, 2): subscription says who gets whose presence, ask that a request of\n" +
			"the account is not answered yet, and requested that one of the contact is not.",
		columns: []string{"jid", "name", "groups", "subscription", "ask", "approved", "requested"},
		rows:    x.items,
	}
}

func (x *export) items(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		doc, err := x.Rosters.Get(ctx, x.account)
		if errors.Is(err, events.ErrNotFound) {
			return
		}
		var r *roster.Roster
		if err == nil {
			r, err = roster.Decode(doc.Revision, doc.Data)
		}
		if err != nil {
			yield(row{}, err)
			return
		}
		requested := map[events.JID]bool{}
		for q := range r.Requests() {
			requested[q.From] = true
		}
		for i := range r.Items() {
			if !yield(row{cells: []any{i.JID.String(), i.Name, i.Groups, i.Subscription.String(), i.Ask, i.Approved, requested[i.JID]}}, nil) {
				return
			}
			delete(requested, i.JID)
		}
		for q := range r.Requests() {
			if requested[q.From] && !yield(row{cells: []any{q.From.String(), "", nil, roster.None.String(), false, false, true}}, nil) {
				return
			}
		}
	}
}

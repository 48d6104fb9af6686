package person

import (
	"context"
	"encoding/json"
	"errors"
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
)

// events is the table of everything that the log has of the account.
func (x *export) events() table {
	return table{
		name: "events",
		means: "Every event of the account that the log still has, in the published form (CloudEvents, docs/schema), with\n" +
			"what its clients sent as presence. In the CSV the event's own fields are one column, data, in JSON.",
		columns: []string{"sequence", "time", "recordedtime", "type", "subject", "who", "jid", "connector", "data"},
		rows:    x.eventRows,
	}
}

// An envelope is what the columns show of an event.
type envelope struct {
	Sequence, Time, RecordedTime, Type, Subject string

	Data json.RawMessage
}

func (x *export) eventRows(ctx context.Context) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for st, err := range x.records(ctx) {
			poison, damaged := errors.AsType[*events.PoisonError](err)
			if err != nil && !damaged {
				yield(row{}, err)
				return
			}
			var object []byte
			if damaged {
				object = x.encoder.AppendDamaged(nil, poison)
			} else if object, err = x.encode(ctx, st); err != nil {
				yield(row{}, err)
				return
			}
			if !yield(eventRow(object)) {
				return
			}
		}
	}
}

// encode is the published form of a record. The fields of a kind that this build does not
// know may be secrets, so they are left out.
func (x *export) encode(ctx context.Context, st *events.Stored) ([]byte, error) {
	who, err := x.Names.Of(ctx, st)
	if err != nil {
		return nil, err
	}
	e := *x.encoder
	if _, unknown := st.Event.(events.Unknown); unknown {
		e.Whole = false
	}
	return e.Append(nil, st, who), nil
}

func eventRow(object []byte) (row, error) {
	var e envelope
	var shown struct{ Who, JID, Connector string }
	if err := json.Unmarshal(object, &e); err != nil {
		return row{}, err
	}
	err := json.Unmarshal(e.Data, &shown)
	return row{
		cells:  []any{e.Sequence, e.Time, e.RecordedTime, e.Type, e.Subject, shown.Who, shown.JID, shown.Connector, string(e.Data)},
		object: object,
	}, err
}

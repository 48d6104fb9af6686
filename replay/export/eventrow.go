package export

import (
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The columns of dataset events, in their order. All classes have all
// of them, so that the files of several are one table.
//
// The event's id is none: seq names an event as well, and of an id, most of which is
// chance, a quarter of all bytes would be. It is in the row for the formats that want one.
const (
	evEventID = iota
	evSeq
	evStoredAt
	evAt
	evType
	evSession
	evWho
	evDomain
	evConnector
	evEpoch
	evPrev
	evCause
	evReason
	evCondition
	evMechanism
	evTLS
	evAgent
	evNetwork
	evPriority
	evShow
	evUntil
	evAvailable
	evAccount // from here to evText only with names
	evResource
	evTo
	evText
	evRole // from here on with names or without: columns are added at the end
	evLost
	evLostEpoch
)

var eventColumns = []column{
	evSeq:       {name: "seq", kind: counter, required: true},
	evStoredAt:  {name: "stored_at", kind: instant, required: true},
	evAt:        {name: "at", kind: instant},
	evType:      {name: "type", kind: word, required: true},
	evSession:   {name: "session", kind: word, bloom: true},
	evWho:       {name: "who", kind: word, bloom: true},
	evDomain:    {name: "domain", kind: word},
	evConnector: {name: "connector", kind: word},
	evEpoch:     {name: "epoch", kind: counter},
	evPrev:      {name: "prev", kind: counter},
	evCause:     {name: "cause", kind: word},
	evReason:    {name: "reason", kind: word},
	evCondition: {name: "condition", kind: word},
	evMechanism: {name: "mechanism", kind: word},
	evTLS:       {name: "tls", kind: word},
	evAgent:     {name: "agent", kind: word},
	evNetwork:   {name: "network", kind: word, bloom: true},
	evPriority:  {name: "priority", kind: number},
	evShow:      {name: "show", kind: word},
	evUntil:     {name: "until", kind: instant},
	evAvailable: {name: "available", kind: flag},
	evAccount:   {name: "account", kind: word, bloom: true},
	evResource:  {name: "resource", kind: word},
	evTo:        {name: "to", kind: word},
	evText:      {name: "text", kind: word},
	evRole:      {name: "role", kind: word},
	evLost:      {name: "lost", kind: word},
	evLostEpoch: {name: "lost_epoch", kind: counter},
}

// damagedType is the type of a record that can't be decoded. Of one of a kind that this
// build does not know it is the kind's name, as in unknown_77.
const damagedType = "damaged"

// eventRows makes rows of records. It owns the row that it returns until the next call.
type eventRows struct {
	rowChoices
	ids   bool // of events are wanted
	row   []value
	texts idTexts
}

func (e *eventRows) columns() []column {
	if e.names {
		return eventColumns[evSeq:]
	}
	return withoutNames(eventColumns, evAccount, evRole)[evSeq:]
}

// withoutNames are the columns before those that have names, which begin at first, and
// those behind them, which begin at role.
func withoutNames(columns []column, first, role int) []column {
	return slices.Concat(columns[:first], columns[role:])
}

// behind is the value of a column behind those that have names, which a row may lack.
func behind(row []value, columns []column, i int) *value { return &row[len(row)-len(columns)+i] }

// hasNames reports a row of an event that has the columns of names.
func hasNames(row []value) bool { return len(row) == len(eventColumns) }

// of is the row of a record.
func (e *eventRows) of(it *item) []value {
	row, st := e.row, it.st
	if row == nil {
		row = make([]value, evSeq+len(e.columns()))
		e.row = row
	}
	clear(row)
	row[evSeq], row[evStoredAt] = counterOf(uint64(it.seq())), numberOf(it.at())
	if st == nil {
		row[evType] = textOf(damagedType)
		return row
	}
	row[evType] = textOf(st.Event.Kind().String())
	row[evAt] = instantOf(st.Time)
	if e.ids {
		row[evEventID] = textOf(st.ID.String())
	}
	row[evSession] = textOf(e.texts.text(events.ID(st.Session)))
	row[evWho] = textOf(e.texts.text(events.ID(it.who)))
	row[evCause] = textOf(e.texts.text(events.ID(st.Cause)))
	if !st.IsService() {
		row[evDomain] = textOf(st.JID.Domain())
	}
	row[evConnector] = textOf(st.Connector.Name)
	row[evEpoch] = counterOf(st.Connector.Epoch)
	row[evPrev] = counterOf(uint64(st.Prev))
	e.session(row, st)
	*behind(row, eventColumns, evRole) = textOf(events.RoleOf(st.Event))
	if e, ok := st.Event.(events.ConnectorLost); ok {
		*behind(row, eventColumns, evLost) = textOf(e.Lost.Name)
		*behind(row, eventColumns, evLostEpoch) = counterOf(e.Lost.Epoch)
	}
	if e.names {
		e.name(row, st)
	}
	return row
}

// session fills in what the events of sessions say.
func (e *eventRows) session(row []value, st *events.Stored) {
	switch ev := st.Event.(type) {
	case events.Authenticated:
		row[evMechanism], row[evTLS] = textOf(ev.Mechanism), textOf(ev.TLS)
		row[evAgent] = textOf(e.agent(ev.Agent))
		row[evNetwork] = textOf(e.addresses.network(ev.Address))
	case events.PresenceAvailable:
		row[evPriority], row[evShow] = numberOf(int64(ev.Priority)), textOf(ev.Show)
		row[evAvailable] = flagOf(true)
	case events.PresenceUnavailable:
		row[evAvailable] = flagOf(false)
	case events.PresenceDirected:
		row[evAvailable] = flagOf(ev.Available)
	case events.Detached:
		row[evReason], row[evUntil] = textOf(string(ev.Reason)), instantOf(ev.Until)
	case events.Resumed:
		row[evNetwork] = textOf(e.addresses.network(ev.Address))
	case events.Refreshed:
		row[evNetwork] = textOf(e.addresses.network(ev.Address))
		row[evAvailable], row[evUntil] = flagOf(ev.Available), instantOf(ev.Until)
		if ev.Available {
			row[evPriority] = numberOf(int64(ev.Priority))
		}
	case events.Closed:
		row[evReason] = textOf(string(ev.Reason))
	case events.AccountDisabled:
		row[evUntil] = instantOf(ev.Until)
	case events.NetworkBanned:
		row[evNetwork], row[evUntil] = textOf(e.addresses.banned(ev.Network)), instantOf(ev.Until)
	case events.NetworkUnbanned:
		row[evNetwork] = textOf(e.addresses.banned(ev.Network))
	default:
		e.connection(row, st)
	}
}

// connection fills in what the events of connections without an account say.
func (e *eventRows) connection(row []value, st *events.Stored) {
	switch ev := st.Event.(type) {
	case events.Connected:
		row[evNetwork] = textOf(e.addresses.network(ev.Address))
	case events.Secured:
		row[evTLS] = textOf(ev.Version)
	case events.AuthFailed:
		row[evMechanism], row[evCondition] = textOf(ev.Mechanism), textOf(ev.Condition)
		row[evNetwork] = textOf(e.addresses.network(ev.Address))
	case events.Disconnected:
		row[evReason] = textOf(string(ev.Reason))
		row[evNetwork] = textOf(e.addresses.network(ev.Address))
	}
}

// name fills in what says who it was.
func (e *eventRows) name(row []value, st *events.Stored) {
	if !st.IsService() {
		row[evAccount], row[evResource] = textOf(st.Account().String()), textOf(st.JID.Resource())
	}
	switch ev := st.Event.(type) {
	case events.Closed:
		row[evText] = textOf(ev.Text)
	case events.AccountDisabled:
		row[evText] = textOf(ev.Text)
	case events.NetworkBanned:
		row[evText] = textOf(ev.Text)
	case events.PresenceDirected:
		row[evTo] = textOf(ev.To.String())
	case events.AuthFailed:
		if st.JID.Local() == "" {
			row[evAccount] = textOf(ev.Username)
		}
	case events.Disconnected:
		row[evText] = textOf(ev.Text)
	}
}

// idTexts remembers the text of ids, for those of sessions and connections come again.
type idTexts struct {
	known map[events.ID]string
}

// maxTexts bounds what is remembered.
const maxTexts = 1 << 16

func (t *idTexts) text(id events.ID) string {
	if id.IsZero() {
		return ""
	}
	text, ok := t.known[id]
	if !ok {
		if len(t.known) >= maxTexts || t.known == nil {
			t.known = make(map[events.ID]string, maxTexts)
		}
		text = id.String()
		t.known[id] = text
	}
	return text
}

package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An event is the public form of one record: a CloudEvents object, as docs/schema has it.
type event struct {
	Sequence, Type, Subject string
	Time                    time.Time
	RecordedTime            time.Time
	Data                    map[string]any
	raw                     json.RawMessage
}

// UnmarshalJSON keeps the form that the API gave, too.
func (e *event) UnmarshalJSON(data []byte) error {
	type plain event
	if err := json.Unmarshal(data, (*plain)(e)); err != nil {
		return err
	}
	e.raw = slices.Clone(data)
	return nil
}

// JSON is the event as the API gave it, a line a field.
func (e *event) JSON() string {
	var b bytes.Buffer
	if json.Indent(&b, e.raw, "", "  ") != nil {
		return string(e.raw)
	}
	return b.String()
}

// Seq is its sequence as people and the API's parameters write it.
func (e *event) Seq() string {
	if short := strings.TrimLeft(e.Sequence, "0"); short != "" {
		return short
	}
	return "0"
}

// Name is its type in words: connector lost of rollcall.connector.connector_lost.v1.
func (e *event) Name() string { return strings.ReplaceAll(e.part(2), "_", " ") }

// Class is the class of its type: session.
func (e *event) Class() string { return e.part(1) }

func (e *event) part(i int) string {
	if parts := strings.Split(e.Type, "."); len(parts) == 4 {
		return parts[i]
	}
	return e.Type
}

// text is a field of its data; "" if there is none.
func (e *event) text(name string) string {
	switch v := e.Data[name].(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

// JID is whom it is about, as exactly as it says.
func (e *event) JID() string {
	if jid := e.text("jid"); jid != "" {
		return jid
	}
	return e.text("account")
}

// Account is the account that it is about; "" if it is about none.
func (e *event) Account() string {
	account, _, _ := strings.Cut(e.JID(), "/")
	return account
}

// Session is the id of the session that it is about; "" if it is about none.
func (e *event) Session() string {
	if c := e.Class(); c == "session" || c == "presence" {
		return e.Subject
	}
	return ""
}

// Connector is the one that it happened at; "" if a command or the API wrote it.
func (e *event) Connector() string {
	switch e.Class() {
	case "connector":
		return e.Place()
	case "session", "presence", "connection":
		if name := e.text("connector"); name != "cli" && name != "http" { // of whoever ends sessions without holding any
			return name
		}
	}
	return ""
}

// details are the fields of events that say most, in the order in which they are shown.
var details = [...]string{"reason", "text", "condition", "by", "mechanism", "agent", "address", "network", "show", "priority", "role"}

// Detail says what is particular about it.
func (e *event) Detail() string {
	var parts []string
	if e.Lost() != "" {
		parts = append(parts, "noticed by "+e.text("connector"))
	}
	for _, name := range details {
		if value := e.text(name); value != "" {
			parts = append(parts, name+" "+value)
		}
	}
	return strings.Join(parts, ", ")
}

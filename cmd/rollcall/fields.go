package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// A field is one named value of an event, in the order in which both people
// and scripts see them.
type field struct {
	name  string
	value any
}

// fieldsOf lists an event's own fields, without those that say nothing.
func fieldsOf(e events.Event) []field {
	switch e := e.(type) {
	case events.Authenticated:
		return set(field{"mechanism", e.Mechanism}, field{"tls", e.TLS}, field{"address", e.Address}, field{"agent", e.Agent}, roleField(e.Role))
	case events.Bound:
		return set(field{"requested", e.Requested}, roleField(e.Role))
	case events.PresenceAvailable:
		return append([]field{{"priority", e.Priority}}, set(field{"show", e.Show}, field{"stanza", e.Stanza})...)
	case events.PresenceUnavailable:
		return set(field{"stanza", e.Stanza})
	case events.PresenceDirected:
		return []field{{"to", e.To.String()}, {"available", e.Available}}
	case events.StreamManagementEnabled:
		return []field{{"resumable", e.Resumable}, {"max", e.Max}}
	case events.Detached:
		return append([]field{{"reason", e.Reason}, {"until", query.Timestamp(e.Until)}}, set(field{"held_by", e.HeldBy})...)
	case events.Resumed:
		return set(field{"address", e.Address})
	case events.Refreshed:
		return refreshedFields(e)
	case events.Closed:
		return append([]field{{"reason", e.Reason}}, set(field{"text", e.Text}, field{"by", string(e.By)}, field{"held_by", e.HeldBy})...)
	case events.RoleTaken:
		return []field{{"role", e.Role}}
	case events.ConnectorLost:
		return []field{{"lost", e.Lost.Name}, {"lost_epoch", e.Lost.Epoch}}
	case events.Unknown:
		return []field{{"version", e.Version}, {"fields", fmt.Sprintf("%x", e.Fields)}}
	}
	return accountFields(e)
}

// roleField is a session's role, unless it is the one that nearly all have.
func roleField(role string) field {
	if role == roles.Default {
		role = ""
	}
	return field{"role", role}
}

// accountFields continues fieldsOf with the events of an account itself.
func accountFields(e events.Event) []field {
	switch e := e.(type) {
	case events.AccountCreated:
		return set(field{"by", string(e.By)})
	case events.PasswordChanged:
		return set(field{"by", string(e.By)})
	case events.AccountRemoved:
		return set(field{"by", string(e.By)})
	case events.AccountDisabled:
		return set(untilField(e.Until), field{"text", e.Text}, field{"by", string(e.By)})
	case events.AccountEnabled:
		return set(field{"by", string(e.By)})
	case events.NetworkBanned:
		return append([]field{{"network", e.Network}}, set(untilField(e.Until), field{"text", e.Text}, field{"by", string(e.By)})...)
	case events.NetworkUnbanned:
		return append([]field{{"network", e.Network}}, set(field{"by", string(e.By)})...)
	case events.RoleChanged:
		return set(field{"role", e.Role}, field{"further", strings.Join(e.Further, ",")}, field{"was", e.Was},
			field{"text", e.Text}, field{"by", string(e.By)})
	}
	return connectionFields(e)
}

// untilField is the end of a state that has one.
func untilField(until int64) field {
	if until == 0 {
		return field{"until", ""}
	}
	return field{"until", query.Timestamp(until)}
}

// refreshedFields is the state that the event repeats. The hash of the token is
// nobody's business, as in StreamManagementEnabled.
func refreshedFields(e events.Refreshed) []field {
	all := []field{{"since", query.Timestamp(e.Since)}, {"interested", e.Interested}, {"carbons", e.Carbons}, {"available", e.Available}}
	if e.Available {
		all = append(all, field{"priority", e.Priority}, field{"stanza", e.Presence}, field{"presence_at", query.Timestamp(e.PresenceAt)})
	}
	if e.Managed {
		all = append(all, field{"resumable", e.Resumable}, field{"max", e.Max})
	}
	if e.Detached {
		all = append(all, field{"until", query.Timestamp(e.Until)})
	}
	if len(e.Directed) > 0 {
		all = append(all, field{"directed", e.Directed})
	}
	return append(all, set(roleField(e.Role))...)
}

// connectionFields continues accountFields with the events before authentication.
func connectionFields(e events.Event) []field {
	switch e := e.(type) {
	case events.Connected:
		return set(field{"address", e.Address})
	case events.StreamOpened:
		return set(field{"host", e.Host})
	case events.Secured:
		return set(field{"version", e.Version}, field{"cipher", e.Cipher})
	case events.AuthFailed:
		return set(field{"username", e.Username}, field{"mechanism", e.Mechanism},
			field{"condition", e.Condition}, field{"address", e.Address})
	case events.Disconnected:
		return append([]field{{"reason", e.Reason}}, set(field{"text", e.Text}, field{"address", e.Address})...)
	}
	return nil
}

// set keeps the fields whose text is not empty.
func set(fields ...field) []field {
	kept := fields[:0]
	for _, f := range fields {
		if f.value != "" {
			kept = append(kept, f)
		}
	}
	return kept
}

// whose is the JID that a record is about; zero for events of connectors and networks.
func whose(st *events.Stored) events.JID {
	if st.IsService() {
		return events.JID{}
	}
	return st.JID
}

// jsonObject writes the fields as one JSON object, in their order.
func jsonObject(fields []field) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for i, f := range fields {
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&b, "%q:", f.name)
		if err := enc.Encode(f.value); err != nil {
			return nil, fmt.Errorf("field %s: %w", f.name, err)
		}
		b.Truncate(b.Len() - 1) // the encoder ends a line
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// inWords is the detail column: the fields that fit a line. Stanzas are for
// --json.
func inWords(fields []field) string {
	var b strings.Builder
	for _, f := range fields {
		if f.name == "stanza" || f.name == "fields" {
			continue
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		text := fmt.Sprint(f.value)
		if strings.ContainsAny(text, " \"=") {
			text = fmt.Sprintf("%q", text)
		}
		b.WriteString(f.name + "=" + text)
	}
	return b.String()
}

package public

import (
	"encoding/hex"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

func appendMilli(b []byte, name string, ms int64) []byte {
	return appendInstant(append(b, name...), time.UnixMilli(ms))
}

// appendFields writes an event's own fields, each with a comma before it.
func (e *Encoder) appendFields(b []byte, event events.Event) []byte {
	switch ev := event.(type) {
	case events.Authenticated:
		b = appendSet(appendSet(b, `,"mechanism":`, ev.Mechanism), `,"tls":`, ev.TLS)
		return appendSet(appendSet(e.appendAddress(b, ev.Address), `,"agent":`, ev.Agent), `,"role":`, ev.Role)
	case events.Bound:
		return appendSet(appendSet(b, `,"requested":`, ev.Requested), `,"role":`, ev.Role)
	case events.PresenceAvailable:
		b = appendSigned(b, `,"priority":`, ev.Priority)
		return e.appendStanza(appendSet(b, `,"show":`, ev.Show), ev.Stanza)
	case events.PresenceUnavailable:
		return e.appendStanza(b, ev.Stanza)
	case events.PresenceDirected:
		return appendBool(appendText(b, `,"to":`, ev.To.String()), `,"available":`, ev.Available)
	case events.StreamManagementEnabled:
		return appendUint(appendBool(b, `,"resumable":`, ev.Resumable), `,"max":`, uint64(ev.Max))
	case events.Detached:
		b = appendTime(appendText(b, `,"reason":`, string(ev.Reason)), `,"until":`, ev.Until)
		return appendSet(b, `,"held_by":`, ev.HeldBy)
	case events.Resumed:
		return e.appendAddress(b, ev.Address)
	case events.Closed:
		b = appendSet(appendText(b, `,"reason":`, string(ev.Reason)), `,"text":`, ev.Text)
		return appendSet(appendSet(b, `,"by":`, string(ev.By)), `,"held_by":`, ev.HeldBy)
	case events.Refreshed:
		return e.appendRefreshed(b, &ev)
	case events.RoleTaken:
		return appendText(b, `,"role":`, ev.Role)
	case events.ConnectorLost:
		return appendUint(appendText(b, `,"lost":`, ev.Lost.Name), `,"lost_epoch":`, ev.Lost.Epoch)
	case events.Unknown:
		return e.appendUnknown(b, &ev)
	}
	return e.appendAccount(b, event)
}

// appendAccount continues appendFields with the events of an account itself.
func (e *Encoder) appendAccount(b []byte, event events.Event) []byte {
	switch ev := event.(type) {
	case events.AccountCreated:
		return appendSet(b, `,"by":`, string(ev.By))
	case events.PasswordChanged:
		return appendSet(b, `,"by":`, string(ev.By))
	case events.AccountRemoved:
		return appendSet(b, `,"by":`, string(ev.By))
	case events.AccountDisabled:
		b = appendSet(appendUntil(b, ev.Until), `,"text":`, ev.Text)
		return appendSet(b, `,"by":`, string(ev.By))
	case events.AccountEnabled:
		return appendSet(b, `,"by":`, string(ev.By))
	case events.NetworkBanned:
		b = appendSet(appendUntil(e.appendNetwork(b, ev.Network), ev.Until), `,"text":`, ev.Text)
		return appendSet(b, `,"by":`, string(ev.By))
	case events.NetworkUnbanned:
		return appendSet(e.appendNetwork(b, ev.Network), `,"by":`, string(ev.By))
	case events.RoleChanged:
		b = appendList(appendText(b, `,"role":`, ev.Role), `,"further":`, ev.Further)
		b = appendSet(appendSet(b, `,"was":`, ev.Was), `,"text":`, ev.Text)
		return appendSet(b, `,"by":`, string(ev.By))
	}
	return e.appendConnection(b, event)
}

// appendUntil writes the end of a state that has one.
func appendUntil(b []byte, until int64) []byte {
	if until == 0 {
		return b
	}
	return appendTime(b, `,"until":`, until)
}

// appendConnection continues appendFields with the events before authentication.
func (e *Encoder) appendConnection(b []byte, event events.Event) []byte {
	switch ev := event.(type) {
	case events.Connected:
		return e.appendAddress(b, ev.Address)
	case events.StreamOpened:
		return appendSet(b, `,"host":`, ev.Host)
	case events.Secured:
		return appendSet(appendSet(b, `,"version":`, ev.Version), `,"cipher":`, ev.Cipher)
	case events.AuthFailed:
		b = appendSet(appendSet(b, `,"username":`, ev.Username), `,"mechanism":`, ev.Mechanism)
		return e.appendAddress(appendSet(b, `,"condition":`, ev.Condition), ev.Address)
	case events.Disconnected:
		b = appendSet(appendText(b, `,"reason":`, string(ev.Reason)), `,"text":`, ev.Text)
		return e.appendAddress(b, ev.Address)
	}
	return b
}

// appendRefreshed writes the state that the event repeats. The hash of the token is
// nobody's business, as in StreamManagementEnabled.
func (e *Encoder) appendRefreshed(b []byte, ev *events.Refreshed) []byte {
	b = appendTime(b, `,"since":`, ev.Since)
	b = appendBool(appendBool(b, `,"interested":`, ev.Interested), `,"carbons":`, ev.Carbons)
	b = appendBool(b, `,"available":`, ev.Available)
	if ev.Available {
		b = appendTime(appendSigned(b, `,"priority":`, ev.Priority), `,"presence_at":`, ev.PresenceAt)
		b = e.appendStanza(b, ev.Presence)
	}
	if ev.Managed {
		b = appendUint(appendBool(b, `,"resumable":`, ev.Resumable), `,"max":`, uint64(ev.Max))
	}
	if ev.Detached {
		b = appendTime(b, `,"until":`, ev.Until)
	}
	b = appendUint(b, `,"directed_count":`, uint64(len(ev.Directed)))
	if e.Whole && len(ev.Directed) > 0 {
		for i, to := range ev.Directed {
			b = appendText(b, []string{`,"directed":[`, ","}[min(i, 1)], to.String())
		}
		b = append(b, ']')
	}
	return appendSet(e.appendAddress(b, ev.Address), `,"role":`, ev.Role)
}

// appendList writes an array of texts, unless it is empty.
func appendList(b []byte, name string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(b, name...)
	for i, text := range list {
		b = appendText(b, "[,"[min(i, 1):][:1], text)
	}
	return append(b, ']')
}

func (e *Encoder) appendUnknown(b []byte, ev *events.Unknown) []byte {
	b = appendUint(appendUint(b, `,"kind":`, uint64(ev.Code)), `,"version":`, uint64(ev.Version))
	if e.Whole {
		b = append(hex.AppendEncode(append(b, `,"fields":"`...), ev.Fields), '"')
	}
	return b
}

func (e *Encoder) appendStanza(b []byte, stanza string) []byte {
	if !e.Whole {
		return b
	}
	return appendSet(b, `,"stanza":`, stanza)
}

func appendSigned(b []byte, name string, v int8) []byte {
	return strconv.AppendInt(append(b, name...), int64(v), 10)
}

package filter

import (
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// A form is what the values of a key look like.
type form uint8

const (
	words    form = iota // one of a list
	text                 // with wildcards
	fold                 // text of any case
	account              // a bare JID
	id                   // of a session
	network              // an address, or many in CIDR notation
	number               // an integer, or a range of them
	duration             // a range of durations
)

// A key is what a term can ask about S, an event or a session. One of the functions gives
// the value, by the key's form.
type key[S any] struct {
	name  string
	form  form
	field string // of the published form, by which types are told that have it; "": all may
	means string
	words func() []string     // all that there are, if they are words
	plain func(string) string // what is written otherwise, as such a word; nil: nothing is
	text  func(S) string      // "": it has none
	also  func(S) string      // another text, of which a term may hold as well; nil: there is none
	num   func(S) (int64, bool)
	jid   func(S) events.JID
	id    func(S) events.SessionID
}

// eventKeys are those that events have, in the order in which they are explained.
var eventKeys = []key[*events.Stored]{
	{name: "type", means: "what happened", words: typeNames, plain: plainType},
	{name: "class", means: "which kind of that", words: classNames},
	{name: "account", form: account, means: "whose it is, user@domain", jid: (*events.Stored).Account},
	{name: "session", form: id, means: "26 characters of its id", id: func(st *events.Stored) events.SessionID { return st.Session }},
	{name: "resource", form: text, means: "once one is bound", text: resourceOf},
	{name: "connector", form: text, means: "that wrote it, or whose loss it is, or comes of", text: connectorOf, also: lostOf},
	{name: "address", form: network, field: "address", means: "the client's", text: addressOf},
	{name: "agent", form: fold, field: "agent", means: "client software, as it says", text: agentOf},
	{name: "mechanism", form: fold, field: "mechanism", means: "of SASL", text: mechanismOf},
	{name: "tls", form: fold, field: "tls", means: "its version; none in the clear", text: tlsOf},
	{name: "reason", field: "reason", means: "why something ended", words: reasonNames, text: reasonOf},
	{name: "text", form: fold, field: "text", means: "said of an end, or why something is refused", text: wordsOf},
	{name: "by", form: text, field: "by", means: "who kicked, banned or changed an account", text: actorOf},
	{name: "role", form: text, field: "role", means: "of the session or the account", text: roleOf},
	{name: "duration", form: duration, field: "duration_ms", means: "of the session, up to the event", num: public.DurationMillis},
	{name: "priority", form: number, field: "priority", means: "of presence", num: priorityOf},
	{name: "show", field: "show", means: "of presence", words: shows, text: showOf},
	{name: "username", form: text, field: "username", means: "of a login that failed", text: usernameOf},
	{name: "condition", form: text, field: "condition", means: "of a login that failed", text: conditionOf},
}

// sessionKeys are those that sessions have. What only the login said, such as the
// software, the table does not keep: events have that.
var sessionKeys = []key[*Stay]{
	{name: "account", form: account, means: "whose it is, user@domain", jid: func(s *Stay) events.JID { return s.JID.Bare() }},
	{name: "session", form: id, means: "26 characters of its id", id: (*Stay).id},
	{name: "resource", form: text, means: "once one is bound", text: func(s *Stay) string { return s.Resource }},
	{name: "connector", form: text, means: "that holds it, or did last", text: func(s *Stay) string { return s.Connector }},
	{name: "address", form: network, means: "the client's newest", text: func(s *Stay) string { return s.Address }},
	{name: "state", means: "as it is, or was last", words: query.States, text: func(s *Stay) string { return s.State() }},
	{name: "role", form: text, means: "as it is, or was last", text: func(s *Stay) string { return s.Role }},
	{name: "priority", form: number, means: "of presence, if it is available", num: func(s *Stay) (int64, bool) { return int64(s.Priority), s.Available }},
	{name: "duration", form: duration, means: "up to its end, or until then", num: (*Stay).lasted},
	{name: "reason", means: "why it ended", words: reasonNames, text: func(s *Stay) string { return s.Reason }},
	{name: "text", form: fold, means: "said of its end", text: func(s *Stay) string { return s.Text }},
	{name: "by", form: text, means: "who ended it", text: func(s *Stay) string { return s.By }},
}

func keyNamed[S any](list []key[S], name string) *key[S] {
	if i := slices.IndexFunc(list, func(k key[S]) bool { return k.name == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

func listed[S any](list []key[S]) string {
	var all []string
	for _, k := range list {
		all = append(all, k.name)
	}
	return strings.Join(all, ", ")
}

func typeNames() (all []string) {
	for _, t := range public.Types() {
		all = append(all, t.Event)
	}
	return all
}

// plainType knows a type by its whole names, too.
func plainType(name string) string {
	for _, t := range public.Types() {
		if name == t.Schema() || name == t.Name() {
			return t.Event
		}
	}
	return name
}

func classNames() (all []string) {
	for _, c := range public.Classes() {
		all = append(all, string(c))
	}
	return all
}

func reasonNames() (all []string) {
	for _, r := range events.Reasons() {
		all = append(all, string(r))
	}
	return all
}

// shows are those of RFC 6121, 4.7.2.1.
func shows() []string { return []string{"away", "chat", "dnd", "xa"} }

// has reports that events of a type may have the key's field.
func (k *key[S]) has(t *public.Type) bool {
	if k.field == "" {
		return true
	}
	for f := range t.AllFields() {
		if f.Name == k.field {
			return true
		}
	}
	return false
}

// A Key is a key as it is explained to people.
type Key struct {
	Name  string
	Means string
	Words []string // all values that there are; nil if they are no words
}

// EventKeys are those of [Parse].
func EventKeys() []Key { return explained(eventKeys) }

// SessionKeys are those of [ParseSessions].
func SessionKeys() []Key { return explained(sessionKeys) }

func explained[S any](list []key[S]) (all []Key) {
	for i := range list {
		k := &list[i]
		one := Key{Name: k.name, Means: k.means}
		if k.words != nil {
			one.Words = k.words()
		}
		all = append(all, one)
	}
	return all
}

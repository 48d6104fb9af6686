package filter

import (
	"slices"
	"strings"

	"rollcall/events"
	"rollcall/replay/public"
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

// A key is what a term can ask about.
type key struct {
	name  string
	form  form
	field string // of the published form, by which types are told that have it; "": all may
	means string
	words func() []string             // all that there are, if they are words
	text  func(*events.Stored) string // the value of an event; "": it has none
	num   func(*events.Stored) (int64, bool)
}

// keys are those that events have, in the order in which they are explained.
var keys = []key{
	{name: "type", means: "what happened", words: typeNames},
	{name: "class", means: "kind of that", words: classNames},
	{name: "account", form: account, means: "whose it is, user@domain"},
	{name: "session", form: id, means: "26 characters of an id"},
	{name: "resource", form: text, means: "once one is bound", text: resourceOf},
	{name: "connector", form: text, means: "that wrote the event", text: connectorOf},
	{name: "address", form: network, field: "address", means: "of the client", text: addressOf},
	{name: "agent", form: fold, field: "agent", means: "client software, as it says", text: agentOf},
	{name: "mechanism", form: fold, field: "mechanism", means: "of SASL", text: mechanismOf},
	{name: "tls", form: fold, field: "tls", means: "version; none in the clear", text: tlsOf},
	{name: "reason", field: "reason", means: "of an end", words: reasonNames, text: reasonOf},
	{name: "text", form: fold, field: "text", means: "said of an end", text: wordsOf},
	{name: "by", form: text, field: "by", means: "who kicked, or changed an account", text: actorOf},
	{name: "duration", form: duration, field: "duration_ms", means: "of the session so far", num: durationOf},
	{name: "priority", form: number, field: "priority", means: "of presence", num: priorityOf},
	{name: "show", field: "show", means: "of presence", words: func() []string { return []string{"away", "chat", "dnd", "xa"} }, text: showOf},
	{name: "username", form: text, field: "username", means: "of a login that failed", text: usernameOf},
	{name: "condition", form: text, field: "condition", means: "of a login that failed", text: conditionOf},
}

func keyNamed(list []key, name string) *key {
	if i := slices.IndexFunc(list, func(k key) bool { return k.name == name }); i >= 0 {
		return &list[i]
	}
	return nil
}

func listed(list []key) string {
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

// has reports that events of a type may have the key's field.
func (k *key) has(t *public.Type) bool {
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

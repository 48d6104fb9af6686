package filter

import (
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// A Filter says which events are meant; the zero Filter all.
type Filter struct {
	text    string
	terms   []term[*events.Stored]
	rest    []term[*events.Stored] // of them, those that the type of an event does not decide
	never   [256]bool              // kinds that are not meant, whatever else their events say
	damaged bool                   // records that can't be decoded are not meant
}

// Parse reads a filter of events. Text without terms means all of them.
func Parse(text string) (*Filter, error) {
	terms, err := parse(text, eventKeys)
	if err != nil {
		return nil, err
	}
	return compiled(strings.TrimSpace(text), terms), nil
}

// And is the filter with one term more, of one of the keys and its values with commas.
func (f *Filter) And(key, values string) (*Filter, error) {
	k := keyNamed(eventKeys, key)
	list, err := k.list(values)
	if err != nil {
		return nil, err
	}
	terms := append(slices.Clone(f.terms), term[*events.Stored]{key: k, values: list})
	return compiled(strings.TrimSpace(f.text+" "+key+":"+values), terms), nil
}

// String is the text that the filter was made of.
func (f *Filter) String() string { return f.text }

// compiled finds out which kinds can be meant at all, so that most events need no other
// look.
func compiled(text string, terms []term[*events.Stored]) *Filter {
	f := &Filter{text: text, terms: terms}
	for i := range terms {
		t := &terms[i]
		for k := range f.never {
			f.never[k] = f.never[k] || !t.may(public.TypeOf(events.Kind(k)))
		}
		poison, _ := public.Named("damaged")
		f.damaged = f.damaged || !t.may(poison) || !t.not && !t.key.ofType()
		if !t.key.ofType() {
			f.rest = append(f.rest, *t)
		}
	}
	return f
}

// ofType reports a key that the type of an event decides alone.
func (k *key[S]) ofType() bool { return k.name == "type" || k.name == "class" }

// may reports whether the term can hold of events of a type.
func (t *term[S]) may(of *public.Type) bool {
	if !t.key.ofType() {
		return t.not || t.key.has(of)
	}
	name := of.Event
	if t.key.name == "class" {
		name = string(of.Class)
	}
	return t.hasWord(name) != t.not
}

// Event reports that an event is meant.
func (f *Filter) Event(st *events.Stored) bool {
	if f.never[st.Event.Kind()] {
		return false
	}
	for i := range f.rest {
		if t := &f.rest[i]; t.of(st) == t.not {
			return false
		}
	}
	return true
}

// May reports that events of a kind can be meant, so that where there are no others nothing
// need be read.
func (f *Filter) May(k events.Kind) bool { return !f.never[k] }

// Damaged reports that records which can't be decoded are meant: nothing is known of
// them but their type.
func (f *Filter) Damaged() bool { return !f.damaged }

// BeforeLogin reports that no event of the log is meant, but only such as happen before
// there is an account, which are kept apart from it.
func (f *Filter) BeforeLogin() bool {
	meant := false
	for k, never := range f.never {
		if before := public.TypeOf(events.Kind(k)).Class == public.Connection; !never && !before {
			return false
		}
		meant = meant || !never
	}
	return meant && !f.Damaged()
}

// All reports that nothing is left out.
func (f *Filter) All() bool { return len(f.terms) == 0 }

// Asks reports a term with the key, by which the answer tells something of that field.
func (f *Filter) Asks(key string) bool { return asks(f.terms, key) }

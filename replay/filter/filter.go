package filter

import (
	"rollcall/events"
	"rollcall/replay/public"
)

// A Filter says which events are meant; the zero Filter all.
type Filter struct {
	text    string
	terms   []term
	rest    []term    // of them, those that the type of an event does not decide
	never   [256]bool // kinds that are not meant, whatever else their events say
	damaged bool      // records that can't be decoded are not meant
}

// String is the text that the filter was made of.
func (f *Filter) String() string { return f.text }

// compile finds out which kinds can be meant at all, so that most events need no other
// look.
func (f *Filter) compile() {
	for i := range f.terms {
		t := &f.terms[i]
		for k := range f.never {
			f.never[k] = f.never[k] || !t.may(public.TypeOf(events.Kind(k)))
		}
		poison, _ := public.Named("damaged")
		f.damaged = f.damaged || !t.may(poison) || !t.not && !t.key.ofType()
		if !t.key.ofType() {
			f.rest = append(f.rest, *t)
		}
	}
}

// ofType reports a key that the type of an event decides alone.
func (k *key) ofType() bool { return k.name == "type" || k.name == "class" }

// may reports whether the term can hold of events of a type.
func (t *term) may(of *public.Type) bool {
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

// Damaged reports that records which can't be decoded are meant: nothing is known of
// them but their type.
func (f *Filter) Damaged() bool { return !f.damaged }

// All reports that nothing is left out.
func (f *Filter) All() bool { return len(f.terms) == 0 }

// Asks reports a term with the key, by which the answer tells something of that field.
func (f *Filter) Asks(key string) bool { return asks(f.terms, key) }

func asks(terms []term, key string) bool {
	for i := range terms {
		if terms[i].key.name == key {
			return true
		}
	}
	return false
}

// of reports that one of the values is the event's.
func (t *term) of(st *events.Stored) bool {
	switch t.key.form {
	case account:
		return t.hasJID(st.Account())
	case id:
		return t.hasID(st.Session)
	case network:
		return t.hasAddress(addressOf(st))
	case number, duration:
		n, ok := t.key.num(st)
		return ok && t.hasNumber(n)
	case words:
		return t.hasWord(t.key.text(st))
	}
	return t.hasText(t.key.text(st))
}

func (t *term) hasWord(s string) bool {
	for i := range t.values {
		if v := &t.values[i]; s != "" && (v.any || v.word == s) {
			return true
		}
	}
	return false
}

func (t *term) hasText(s string) bool {
	for i := range t.values {
		if v := &t.values[i]; s != "" && (v.any || v.glob.match(s)) {
			return true
		}
	}
	return false
}

// hasJID takes what stands in the place of an account for none.
func (t *term) hasJID(j events.JID) bool {
	for i := range t.values {
		if v := &t.values[i]; v.any && j.Local() != "" || v.jid == j && !v.any {
			return true
		}
	}
	return false
}

func (t *term) hasID(id events.SessionID) bool {
	for i := range t.values {
		if v := &t.values[i]; !id.IsZero() && (v.any || v.id == id) {
			return true
		}
	}
	return false
}

func (t *term) hasNumber(n int64) bool {
	for i := range t.values {
		if v := &t.values[i]; v.any || v.from <= n && n <= v.to {
			return true
		}
	}
	return false
}

// hasAddress reads an address with its port. Of one that is none only key:* holds.
func (t *term) hasAddress(s string) bool {
	if s == "" {
		return false
	}
	ip, _ := public.IPOf(s)
	for i := range t.values {
		if v := &t.values[i]; v.any || v.net.Contains(ip) {
			return true
		}
	}
	return false
}

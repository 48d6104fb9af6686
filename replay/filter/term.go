package filter

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// of reports that one of the values is that of an event or a session.
func (t *term[S]) of(s S) bool {
	switch t.key.form {
	case account:
		return t.hasJID(t.key.jid(s))
	case id:
		return t.hasID(t.key.id(s))
	case network:
		return t.hasAddress(t.key.text(s))
	case number, duration:
		n, ok := t.key.num(s)
		return ok && t.hasNumber(n)
	case words:
		return t.hasWord(t.key.text(s))
	}
	return t.hasText(t.key.text(s)) || t.key.also != nil && t.hasText(t.key.also(s))
}

func (t *term[S]) hasWord(s string) bool {
	for i := range t.values {
		if v := &t.values[i]; s != "" && (v.any || v.word == s) {
			return true
		}
	}
	return false
}

func (t *term[S]) hasText(s string) bool {
	for i := range t.values {
		if v := &t.values[i]; s != "" && (v.any || v.glob.match(s)) {
			return true
		}
	}
	return false
}

// hasJID takes what stands in the place of an account for none.
func (t *term[S]) hasJID(j events.JID) bool {
	for i := range t.values {
		if v := &t.values[i]; v.any && j.Local() != "" || v.jid == j && !v.any {
			return true
		}
	}
	return false
}

func (t *term[S]) hasID(id events.SessionID) bool {
	for i := range t.values {
		if v := &t.values[i]; !id.IsZero() && (v.any || v.id == id) {
			return true
		}
	}
	return false
}

func (t *term[S]) hasNumber(n int64) bool {
	for i := range t.values {
		if v := &t.values[i]; v.any || v.from <= n && n <= v.to {
			return true
		}
	}
	return false
}

// hasAddress reads an address with its port. Of one that is none only key:* holds.
func (t *term[S]) hasAddress(s string) bool {
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

// asks reports a term with the key.
func asks[S any](terms []term[S], key string) bool {
	for i := range terms {
		if terms[i].key.name == key {
			return true
		}
	}
	return false
}

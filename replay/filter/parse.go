package filter

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits of a filter, in bytes.
const (
	maxText  = 4 << 10
	maxValue = 256
)

// A term is one condition.
type term[S any] struct {
	key    *key[S]
	not    bool
	values []value
}

// parse reads the terms of a text, whose keys are of a list.
func parse[S any](text string, list []key[S]) (terms []term[S], err error) {
	switch {
	case len(text) > maxText:
		return nil, fmt.Errorf("it is longer than %d bytes", maxText)
	case !utf8.ValidString(text):
		return nil, errors.New("it is not UTF-8")
	}
	for {
		text = strings.TrimLeft(text, spaces)
		if text == "" {
			return terms, nil
		}
		var one string
		if one, text, _, err = cut(text, spaces); err != nil {
			return nil, err
		}
		t, err := parseTerm(one, list)
		if err != nil {
			return nil, err
		}
		terms = append(terms, t)
	}
}

// spaces stand between terms.
const spaces = " \t\r\n"

// parseTerm reads [-]key:value[,value...].
func parseTerm[S any](s string, list []key[S]) (t term[S], err error) {
	name, rest, found := strings.Cut(s, ":")
	name, t.not = strings.CutPrefix(name, "-")
	if !found && strings.Contains(s, "@") {
		return t, fmt.Errorf("%q is no term: give a key, too, as in account:%s", s, s)
	}
	if !found {
		return t, fmt.Errorf("%q is no term: give a key and a value, as in %s:%s", s, list[0].name, list[0].example())
	}
	if t.key = keyNamed(list, name); t.key == nil {
		return t, fmt.Errorf("%s: there is no such key; there are %s", quotedUnlessPlain(name), listed(list))
	}
	t.values, err = t.key.list(rest)
	return t, err
}

// list reads values with commas.
func (k *key[S]) list(s string) (all []value, err error) {
	for more := true; more; {
		var one string
		if one, s, more, err = cut(s, ","); err != nil {
			return nil, fmt.Errorf("%s: %w", k.name, err)
		}
		v, err := k.parse(one)
		if err != nil {
			return nil, fmt.Errorf("%s: %w; %s", k.name, err, k.allowed())
		}
		all = append(all, v)
	}
	return all, nil
}

// cut cuts text at the first of some characters that has its meaning.
func cut(s, at string) (before, after string, found bool, err error) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 == len(s):
			return "", "", false, errors.New("nothing follows a backslash")
		case s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case !quoted && strings.IndexByte(at, s[i]) >= 0:
			return s[:i], s[i+1:], true, nil
		}
	}
	if quoted {
		return "", "", false, errors.New("a quotation mark is missing")
	}
	return s, "", false, nil
}

// bare takes the quotation marks from a value.
func bare(s string) string {
	if strings.IndexByte(s, '"') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			b.WriteByte(s[i])
			i++
		case s[i] == '"':
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// literal takes the backslashes from a value that has no wildcards.
func literal(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// quotedUnlessPlain is a word for an error.
func quotedUnlessPlain(s string) string {
	if strings.Trim(s, "abcdefghijklmnopqrstuvwxyz_") == "" && s != "" {
		return s
	}
	return fmt.Sprintf("%q", s)
}

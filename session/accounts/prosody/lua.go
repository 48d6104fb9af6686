package prosody

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The tables of Prosody's files are Lua: "return {...};" or a list of "item({...});". They
// are parsed, never run: there are constants only, and no names, operators or calls.

// The limits of a file.
const (
	maxNesting = 200
	maxValues  = 1 << 21 // in a file, at some 100 bytes each
)

// A value is a string, float64, bool, *table, or nil.
type value any

// A table has what was written with a key, and by its place what was written without one,
// or with the number of its place.
type table struct {
	list  []value
	named []field // in their order
}

type field struct{ key, value value }

// get is what a table has under a name, nil if it has nothing. Of several it is the last,
// as in Lua. A nil table has nothing.
func (t *table) get(name string) value {
	if t == nil {
		return nil
	}
	for i := len(t.named) - 1; i >= 0; i-- {
		if t.named[i].key == name {
			return t.named[i].value
		}
	}
	return nil
}

func (t *table) table(name string) *table {
	sub, _ := t.get(name).(*table)
	return sub
}

// fields are what a table has by key; a nil one has none.
func (t *table) fields() []field {
	if t == nil {
		return nil
	}
	return t.named
}

// text is a value as text: a string, or a number or truth value as Lua writes it.
func text(v value) string {
	switch v := v.(type) {
	case string:
		return v
	case float64:
		if v == math.Trunc(v) && math.Abs(v) < 1<<53 {
			return strconv.FormatInt(int64(v), 10)
		}
		return strconv.FormatFloat(v, 'g', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

func (t *table) text(name string) string { return text(t.get(name)) }

// A parser reads one file.
type parser struct {
	in     string
	at     int
	values int
}

// parseTable reads "return {...}". A file without a word in it is no table.
func parseTable(in string) (t *table, err error) {
	p := &parser{in: in}
	v, err := p.file("return")
	if err == nil && len(v) != 1 {
		err = fmt.Errorf("%d values, not 1", len(v))
	}
	if err != nil {
		return nil, err
	}
	return v[0], nil
}

// parseList reads "item({...})" as often as it comes.
func parseList(in string) ([]*table, error) {
	p := &parser{in: in}
	return p.file("item")
}

// file reads statements that begin with a word and have a table, in parentheses or not.
func (p *parser) file(word string) (list []*table, err error) {
	for {
		p.space()
		if p.at == len(p.in) {
			return list, nil
		}
		if got := p.name(); got != word {
			return nil, p.fail("%.20q where %q is expected", got, word)
		}
		inside := p.take("(")
		v, err := p.value(0)
		if err != nil {
			return nil, err
		}
		t, ok := v.(*table)
		if !ok {
			return nil, p.fail("no table")
		}
		if inside && !p.take(")") {
			return nil, p.fail("no closing parenthesis")
		}
		for p.take(";") {
		}
		list = append(list, t)
	}
}

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("byte %d: %s", p.at, fmt.Sprintf(format, args...))
}

// space passes over blanks and comments.
func (p *parser) space() {
	for p.at < len(p.in) {
		switch c := p.in[p.at]; {
		case strings.IndexByte(" \t\r\n\v\f", c) >= 0:
			p.at++
		case strings.HasPrefix(p.in[p.at:], "--"):
			end := strings.IndexByte(p.in[p.at:], '\n')
			if end < 0 {
				p.at = len(p.in)
				return
			}
			p.at += end
		default:
			return
		}
	}
}

// take passes over a token, if it is next.
func (p *parser) take(token string) bool {
	p.space()
	if !strings.HasPrefix(p.in[p.at:], token) {
		return false
	}
	p.at += len(token)
	return true
}

// name reads a name, or "".
func (p *parser) name() string {
	p.space()
	from := p.at
	for p.at < len(p.in) {
		c := p.in[p.at]
		if c != '_' && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (p.at == from || c < '0' || c > '9') {
			break
		}
		p.at++
	}
	return p.in[from:p.at]
}

func (p *parser) value(depth int) (value, error) {
	if p.values++; p.values > maxValues {
		return nil, p.fail("more than %d values", maxValues)
	}
	p.space()
	if p.at == len(p.in) {
		return nil, p.fail("the file is cut off")
	}
	switch c := p.in[p.at]; {
	case c == '{':
		return p.table(depth + 1)
	case c == '"' || c == '\'':
		return p.string()
	case c == '(' || c == '-' || c == '.' || c >= '0' && c <= '9':
		return p.number()
	}
	switch name := p.name(); name {
	case "true", "false":
		return name == "true", nil
	case "nil":
		return nil, nil
	default:
		return nil, p.fail("%.20q is no constant", p.in[p.at-len(name):])
	}
}

func (p *parser) table(depth int) (value, error) {
	if depth > maxNesting {
		return nil, p.fail("more than %d tables in each other", maxNesting)
	}
	t := &table{}
	p.at++
	for !p.take("}") {
		key, keyed, err := p.key(depth)
		if err != nil {
			return nil, err
		}
		v, err := p.value(depth)
		if err != nil {
			return nil, err
		}
		if keyed {
			t.named = append(t.named, field{key, v})
		} else {
			t.list = append(t.list, v)
		}
		if !p.take(";") && !p.take(",") {
			if p.take("}") {
				break
			}
			return nil, p.fail("no separator, and no end of the table")
		}
	}
	t.place()
	return t, nil
}

// place moves what was written with a number to the list that it continues. Prosody wrote
// lists so until 0.10, in any order, and a file that has not changed since still has them.
func (t *table) place() {
	isNumber := func(f field) bool { _, ok := f.key.(float64); return ok }
	if !slices.ContainsFunc(t.named, isNumber) {
		return
	}
	var rest, numbered []field
	for _, f := range t.named {
		if isNumber(f) {
			numbered = append(numbered, f)
		} else {
			rest = append(rest, f)
		}
	}
	slices.SortStableFunc(numbered, func(a, b field) int { return cmp.Compare(a.key.(float64), b.key.(float64)) })
	for _, f := range numbered {
		if f.key == float64(len(t.list)+1) {
			t.list = append(t.list, f.value)
		} else {
			rest = append(rest, f)
		}
	}
	t.named = rest
}

// key reads "[constant] =" or "name =", if that is next.
func (p *parser) key(depth int) (key value, keyed bool, err error) {
	if p.take("[") {
		if key, err = p.value(depth); err != nil {
			return nil, false, err
		}
		if _, nested := key.(*table); nested || key == nil || !p.take("]") || !p.take("=") {
			return nil, false, p.fail("no key")
		}
		return key, true, nil
	}
	from := p.at
	if name := p.name(); name != "" && p.take("=") {
		return name, true, nil
	}
	p.at = from
	return nil, false, nil
}

// number reads one as Prosody writes it; what can't be written as one is an expression
// of two.
func (p *parser) number() (value, error) {
	for _, special := range []struct {
		text string
		is   float64
	}{{"(1/0)", math.Inf(1)}, {"(-1/0)", math.Inf(-1)}, {"(0/0)", math.NaN()}} {
		if p.take(special.text) {
			return special.is, nil
		}
	}
	from := p.at
	for p.at < len(p.in) && strings.IndexByte("+-.0123456789eE", p.in[p.at]) >= 0 {
		p.at++
	}
	f, err := strconv.ParseFloat(p.in[from:p.at], 64)
	if err != nil {
		p.at = from
		return nil, p.fail("%.20q is no number", p.in[from:])
	}
	return f, nil
}

var errEscape = errors.New("an escape that is not known")

// string reads one in quotes. It must be text in UTF-8.
func (p *parser) string() (value, error) {
	quote := p.in[p.at]
	from := p.at + 1
	var b []byte
	for i := from; i < len(p.in); {
		switch c := p.in[i]; {
		case c == quote:
			s := p.in[from:i]
			if b != nil {
				s = string(b)
			}
			p.at = i + 1
			if !utf8.ValidString(s) {
				return nil, p.fail("a string that is not UTF-8")
			}
			return s, nil
		case c == '\\':
			if b == nil {
				b = append(make([]byte, 0, i-from+16), p.in[from:i]...)
			}
			char, n, err := escape(p.in[i+1:])
			if err != nil {
				p.at = i
				return nil, p.fail("%v", err)
			}
			b = append(b, char)
			i += 1 + n
		default:
			if b != nil {
				b = append(b, c)
			}
			i++
		}
	}
	return nil, p.fail("a string without an end")
}

// escape reads what follows a backslash: the byte that it stands for, and its length.
func escape(in string) (char byte, n int, err error) {
	if in == "" {
		return 0, 0, errEscape
	}
	if i := strings.IndexByte("abfnrtv\\\"'\n", in[0]); i >= 0 {
		return "\a\b\f\n\r\t\v\\\"'\n"[i], 1, nil
	}
	for n < 3 && n < len(in) && in[n] >= '0' && in[n] <= '9' {
		n++
	}
	code, err := strconv.ParseUint(in[:n], 10, 8)
	if err != nil {
		return 0, 0, errEscape
	}
	return byte(code), n, nil
}

package export

import (
	"encoding/json"
	"strconv"
	"time"
)

// microsecond is how times are written: RFC 3339 in UTC, with six digits of a fraction.
const microsecond = "2006-01-02T15:04:05.000000Z"

// appendText appends a string as JSON has it.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, err := json.Marshal(s)
			if err != nil {
				panic("a string has no form in JSON: " + err.Error())
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

func appendInstant(b []byte, nano int64) []byte {
	return time.Unix(0, nano).UTC().AppendFormat(b, microsecond)
}

// appendPlain appends a value as text has it, without quotes.
func appendPlain(b []byte, v *value, k kind) []byte {
	switch k {
	case word, unique:
		return append(b, v.text...)
	case instant:
		return appendInstant(b, v.number)
	case flag:
		return strconv.AppendBool(b, v.number != 0)
	case counter:
		return strconv.AppendUint(b, uint64(v.number), 10)
	}
	return strconv.AppendInt(b, v.number, 10)
}

// appendRow appends a row as an object. Values that are missing are left out.
func appendRow(b []byte, row []value, columns []column) []byte {
	b = append(b, '{')
	for i := range row {
		v, c := &row[i], &columns[i]
		if !v.set {
			continue
		}
		if len(b) > 0 && b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		b = append(append(append(b, '"'), c.name...), '"', ':')
		switch c.kind {
		case word, unique:
			b = appendText(b, v.text)
		case instant:
			b = append(appendInstant(append(b, '"'), v.number), '"')
		default:
			b = appendPlain(b, v, c.kind)
		}
	}
	return append(b, '}')
}

// An object is written member by member. Those that say nothing are left out.
type object struct{ b []byte }

func (o *object) name(name string) {
	if n := len(o.b); n > 0 && o.b[n-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), '"', ':')
}

func (o *object) text(name, s string) {
	if s != "" {
		o.name(name)
		o.b = appendText(o.b, s)
	}
}

func (o *object) value(name string, v value) {
	switch {
	case v.set && v.text != "":
		o.text(name, v.text)
	case v.set:
		o.number(name, v.number)
	}
}

func (o *object) number(name string, n int64) {
	o.name(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

func (o *object) flag(name string, is bool) {
	o.name(name)
	o.b = strconv.AppendBool(o.b, is)
}

func (o *object) instant(name string, v value) {
	if v.set {
		o.name(name)
		o.b = append(appendInstant(append(o.b, '"'), v.number), '"')
	}
}

func (o *object) list(name string, all ...string) {
	o.name(name)
	o.b = append(o.b, '[')
	for i, s := range all {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = appendText(o.b, s)
	}
	o.b = append(o.b, ']')
}

// object writes a member that is one itself, and leaves out one without members.
func (o *object) object(name string, write func(*object)) {
	before := len(o.b)
	o.name(name)
	o.b = append(o.b, '{')
	empty := len(o.b)
	write(o)
	if len(o.b) == empty {
		o.b = o.b[:before]
		return
	}
	o.b = append(o.b, '}')
}

package settings

import (
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
)

// isList reports a flag that takes several values.
func isList(f *pflag.Flag) bool {
	_, ok := f.Value.(pflag.SliceValue)
	return ok
}

// wants says which type of TOML a flag takes.
func wants(f *pflag.Flag) string {
	switch t := f.Value.Type(); {
	case isList(f):
		return "list"
	case t == "bool", t == "duration":
		return t
	case strings.HasPrefix(t, "int"), strings.HasPrefix(t, "uint"):
		return "int"
	case strings.HasPrefix(t, "float"):
		return "float"
	}
	return "string"
}

// mistakes say how a value of another type is to be written.
var mistakes = map[string]string{
	"bool": "is true or false, without quotes", "int": "is a whole number, without quotes", "float": "is a number, without quotes",
	"duration": `is a time, in quotes: "45s" or "2m"`, "string": "is text: write it in quotes", "list": `is text or a list of it: ["one", "two"]`,
}

// set gives a flag a value of a file.
func set(f *pflag.Flag, value any) error {
	want := wants(f)
	text, ok := scalar(want, value)
	if list, isArray := value.([]any); isArray && want == "list" {
		text, ok = line(list)
	}
	if !ok {
		return fmt.Errorf("%s %s", f.Name, mistakes[want])
	}
	if err := give(f, text); err != nil {
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	return nil
}

// nouns are what the text of a variable is to be.
var nouns = map[string]string{"bool": "neither true nor false", "int": "no whole number", "float": "no number", "duration": "no time: try 45s or 2m"}

// give does what the command line does with a flag.
func give(f *pflag.Flag, text string) error {
	err := f.Value.Set(text)
	if err == nil {
		f.Changed = true
		return nil
	}
	if noun, ok := nouns[wants(f)]; ok {
		return fmt.Errorf("%q is %s", text, noun)
	}
	return fmt.Errorf("%q: %w", text, err)
}

// scalar is a value as it would stand on a command line.
func scalar(want string, value any) (string, bool) {
	switch v := value.(type) {
	case string:
		if want == "list" {
			return line([]any{v})
		}
		return v, want == "string" || want == "duration"
	case bool:
		return strconv.FormatBool(v), want == "bool"
	case int64:
		return strconv.FormatInt(v, 10), want == "int" || want == "float"
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), want == "float"
	}
	return "", false
}

// line is a list as flags take it: a line of CSV.
func line(list []any) (string, bool) {
	all := make([]string, 0, len(list))
	for _, v := range list {
		s, ok := v.(string)
		if !ok {
			return "", false
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		return "", true
	}
	var b strings.Builder
	w := csv.NewWriter(&b)
	if err := w.Write(all); err != nil {
		return "", false
	}
	w.Flush()
	return strings.TrimSuffix(b.String(), "\n"), true
}

// literal is a flag's value as a file has it.
func literal(f *pflag.Flag) string {
	if s, ok := f.Value.(pflag.SliceValue); ok {
		all := make([]string, 0, len(s.GetSlice()))
		for _, v := range s.GetSlice() {
			all = append(all, quote(v))
		}
		return "[" + strings.Join(all, ", ") + "]"
	}
	if w := wants(f); w == "string" || w == "duration" {
		return quote(f.Value.String())
	}
	return f.Value.String()
}

// quote writes a basic string of TOML.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

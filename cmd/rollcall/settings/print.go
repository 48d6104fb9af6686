package settings

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"
)

const secretMark = "secret"

// MarkSecret has the values of flags never printed.
func MarkSecret(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		if err := flags.SetAnnotation(name, secretMark, nil); err != nil {
			panic(err) // the flag is not there
		}
	}
}

// Shown is a flag's value as it may be printed, as a file has it: without secrets,
// and without passwords in URLs.
func Shown(f *pflag.Flag) string {
	if _, ok := f.Annotations[secretMark]; ok && f.Value.String() != "" {
		return `"(secret)"`
	}
	return withoutPasswords(literal(f))
}

// withoutPasswords removes what stands between : and @ in URLs.
func withoutPasswords(s string) string {
	parts := strings.SplitAfter(s, "://")
	for i, p := range parts[1:] {
		end := strings.IndexAny(p, `/",? `)
		if end < 0 {
			end = len(p)
		}
		user, host, ok := cutLast(p[:end], "@")
		if name, _, hasPassword := strings.Cut(user, ":"); ok && hasPassword {
			parts[i+1] = name + ":" + "..." + "@" + host + p[end:]
		}
	}
	return strings.Join(parts, "")
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return "", s, false
}

// Each flag of flags that is a setting, in the order in which they were defined.
func all(flags *pflag.FlagSet, do func(*pflag.Flag)) {
	flags.VisitAll(func(f *pflag.Flag) {
		if isSetting(f) {
			do(f)
		}
	})
}

// Each calls do with every setting, its value as [Shown] has it, which is JSON, too,
// and where that comes from.
func (o *Origins) Each(do func(name, value, from string)) {
	all(o.flags, func(f *pflag.Flag) { do(f.Name, Shown(f), o.Of(f.Name)) })
}

// PrintDefaults writes a file to start from: all flags with their defaults, and what
// each is for. Nothing in it is set.
func PrintDefaults(w io.Writer, flags *pflag.FlagSet, sections []Section) {
	all(flags, func(f *pflag.Flag) {
		explain(w, f)
		fmt.Fprintf(w, "#%s = %s\n\n", f.Name, literal(f))
	})
	for _, s := range sections {
		keys := pflag.NewFlagSet(s.Kind, pflag.ContinueOnError)
		keys.SortFlags = false
		s.Define(s.Name, keys)
		fmt.Fprintf(w, "# [%s.%s]: %s\n#\n", s.Kind, s.Name, s.Means)
		fmt.Fprintf(w, "#[%s.%s]\n\n", s.Kind, quote(s.Name))
		all(keys, func(f *pflag.Flag) {
			explain(w, f)
			fmt.Fprintf(w, "#%s = %s\n\n", f.Name, literal(f))
		})
	}
}

// explain writes what a flag is for as comments.
func explain(w io.Writer, f *pflag.Flag) {
	_, usage := pflag.UnquoteUsage(f)
	for _, l := range wrap(usage, 78) {
		fmt.Fprintf(w, "# %s\n", l)
	}
}

// wrap breaks a text into lines of at most so many bytes, where it can.
func wrap(text string, width int) (lines []string) {
	for _, word := range strings.Fields(text) {
		if n := len(lines); n > 0 && len(lines[n-1])+1+len(word) <= width {
			lines[n-1] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}

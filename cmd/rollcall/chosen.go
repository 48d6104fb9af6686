package main

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// grammar explains filters to people.
const grammar = `A filter is made of terms, all of which must hold: key:value, or several values
with commas, of which one must; with - before the key none may. Text may have *
for any text and ? for one character, and "double quotes" around spaces and
commas. Numbers and durations may be ranges: 'priority:>0', 'duration:5m..1h'
(ms, s, m, h, d). key:* asks for whatever has that at all. Quote what your shell
would take for its own: 'duration:>1h', 'agent:"Gajim 2*"'.`

// keyTable lists keys, what they mean, and the words that there are for those that have
// some.
func keyTable(keys []filter.Key) string {
	var b strings.Builder
	for _, k := range keys {
		line := fmt.Sprintf("  %-10s %s", k.Name, k.Means)
		if k.Words != nil {
			line += ":"
		}
		for i, word := range k.Words {
			if i < len(k.Words)-1 {
				word += ","
			}
			if len(line)+1+len(word) > helpWidth {
				b.WriteString(line + "\n")
				line = strings.Repeat(" ", 12)
			}
			line += " " + word
		}
		b.WriteString(line + "\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// completeKeys has the shell complete keys, and the words that some of them have.
func completeKeys(keys []filter.Key) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, begun string) (all []cobra.Completion, _ cobra.ShellCompDirective) {
		for _, k := range keys {
			if !strings.HasPrefix(begun, k.Name+":") {
				all = append(all, cobra.CompletionWithDesc(k.Name+":", k.Means))
				continue
			}
			said := begun[:strings.LastIndexAny(begun, ":,")+1]
			for _, word := range k.Words {
				all = append(all, said+word)
			}
		}
		return all, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
	}
}

// helpWidth is that of a screen on which help is read.
const helpWidth = 80

// termForm is what begins a term of a filter. No account has a colon.
var termForm = regexp.MustCompile(`^ ?-?[a-z_]*:`)

// jidAndTerms tells a JID that is given first from the terms of a filter.
func jidAndTerms(args []string) (jid string, terms []string) {
	if len(args) > 0 && !termForm.MatchString(args[0]) {
		return args[0], args[1:]
	}
	return "", args
}

// parseFilter reads the terms of a filter of events.
func parseFilter(terms []string) (*filter.Filter, error) {
	f, err := filter.Parse(joined(terms))
	if err != nil {
		return nil, usageError{fmt.Errorf("filter: %w", err)}
	}
	return f, nil
}

// parseSessionFilter reads the terms of a filter of sessions.
func parseSessionFilter(terms []string) (*filter.Sessions, error) {
	f, err := filter.ParseSessions(joined(terms))
	if err != nil {
		return nil, usageError{fmt.Errorf("filter: %w", err)}
	}
	return f, nil
}

// joined is a filter of the words that the shell has made of it. An argument with spaces
// that are not between terms is one term that was quoted for the shell.
func joined(args []string) string {
	args = slices.Clone(args)
	for i, a := range args {
		words := strings.Fields(a)
		if strings.ContainsAny(a, "\"\\") || !slices.ContainsFunc(words, func(w string) bool { return !termForm.MatchString(w) }) {
			continue
		}
		args[i] = strings.Join(words, `\ `)
	}
	return strings.Join(args, " ")
}

// filtering are the verbs that take a filter.
var filtering = map[string]bool{"events": true, "tail": true, "history": true, "logins": true, "sessions": true}

// notFlags lets terms that begin with - be given as they are: a space before one, which
// means nothing to a filter, makes it no flag.
func notFlags(args []string) []string {
	if len(args) == 0 || !filtering[args[0]] {
		return args
	}
	given := append([]string(nil), args...)
	for i, a := range given {
		if strings.HasPrefix(a, "-") && termForm.MatchString(a) {
			given[i] = " " + a
		}
	}
	return given
}

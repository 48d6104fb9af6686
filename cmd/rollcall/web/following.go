package web

import (
	"net/url"
	"slices"
	"strings"
)

// changing are the events after which a list of sessions is another one.
const changing = "authenticated,bound,presence_available,presence_unavailable,detached,resumed,closed,role_taken"

// following is the query of the events that change the list, and what the page counts of
// them. It must not count what it leaves out: where the events alone don't tell whether they
// are about sessions of the list, it counts nothing.
func (q *sessionQuery) following() (live, counts string) {
	same, others := eventTerms(q.Filter)
	live = pathWith("", url.Values{"type": {changing}, "account": {q.Account}, "filter": {same}})
	if others || q.State != "" || q.Connector != "" {
		return live, ""
	}
	return live, "change"
}

// eventTerms are those terms of a filter of sessions that mean the same of their events, and
// whether there are others: a state, a role and a priority are not in each event.
func eventTerms(filter string) (same string, others bool) {
	var list []string
	for _, term := range terms(filter) {
		key, _, _ := strings.Cut(strings.TrimPrefix(term, "-"), ":")
		if slices.Contains([]string{"account", "session", "resource"}, key) {
			list = append(list, term)
		} else {
			others = true
		}
	}
	return strings.Join(list, " "), others
}

// terms are those of a filter: spaces are between them, unless they are in double quotes.
func terms(filter string) []string {
	quoted, escaped := false, false
	return strings.FieldsFunc(filter, func(r rune) bool {
		switch {
		case escaped:
			escaped = false
			return false
		case r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		}
		return strings.ContainsRune(" \t\r\n", r) && !quoted
	})
}

package web

import "strings"

// A state is how a session stands, in the words that filters, the API and the command line
// have for it, too.
type state struct {
	Name  string
	Mark  string // class of the style sheet
	Means string
}

// states are all that there are. The words are those of the protocol; what a page says about
// them is said here alone.
var states = [...]state{
	{"available", "good", "it has sent initial presence, so its contacts see it and messages reach it (RFC 6121, 4.2)"},
	{"connected", "soft", "it has bound a resource, but has sent no presence yet, or unavailable presence (RFC 6120, 7)"},
	{"unbound", "soft", "it has authenticated, and has bound no resource yet (RFC 6120, 7)"},
	{"detached", "wait", "its connection is lost; it waits for its client to resume the stream, and stays what it was to its contacts meanwhile (XEP-0198, 5)"},
	{"lost", "bad", "its connector no longer renews its lease; another one closes the session soon"},
}

// stateOf is a state by its name.
func stateOf(name string) (s state, ok bool) {
	for _, s := range states {
		if s.Name == name {
			return s, true
		}
	}
	return s, false
}

// meaning is what a word means that pages have for sessions and accounts; "" for others.
func meaning(word string) string {
	switch word = strings.ToLower(word); word {
	case "online":
		return "there is a session, in whatever state"
	case "available resources":
		return "sessions that have sent initial presence; detached ones are among them (RFC 6121, 4.2)"
	}
	s, _ := stateOf(word)
	return s.Means
}

// State is how the session stands.
func (s *session) State() string {
	switch {
	case s.Lost:
		return "lost"
	case s.Detached:
		return "detached"
	case s.Available:
		return "available"
	case s.Resource == "":
		return "unbound"
	}
	return "connected"
}

// Mark is the class of the state's mark.
func (s *session) Mark() string {
	is, _ := stateOf(s.State())
	return is.Mark
}

// stateCounts are how many sessions are in each state.
type stateCounts map[string]int

// A stateCount is how many are in one.
type stateCount struct {
	state
	Count int
}

// List has those states in which some are, and those that one expects to be told of.
func (c stateCounts) List() (list []stateCount) {
	for _, s := range states {
		if n := c[s.Name]; n > 0 || s.Name != "unbound" && s.Name != "lost" {
			list = append(list, stateCount{s, n})
		}
	}
	return list
}

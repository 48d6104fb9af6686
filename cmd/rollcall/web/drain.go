package web

import (
	"net/url"
	"slices"
	"time"
)

// A drain is that of a connector that sends its clients to the others.
type drain struct {
	Since, Until time.Time
	Sessions     int // that it had when it began
	By           string
}

// Condition is the state of a connector in a word.
func (c *connector) Condition() string {
	switch {
	case c.State != "alive" || c.Drain == nil:
		return c.State
	case c.Sessions > 0:
		return "draining"
	}
	return "drained"
}

// Gone is how many of its clients it has sent away.
func (c *connector) Gone() int { return max(c.Drain.Sessions-c.Sessions, 0) }

// liveWith are the events that change a page about connectors: their sessions, too, while one
// is drained.
func liveWith(all []connector) string {
	if slices.ContainsFunc(all, func(c connector) bool { return c.Condition() == "draining" }) {
		return "?class=connector,session"
	}
	return "?class=connector"
}

// drainConnector asks whether to empty a connector. That its clients would have nowhere to go
// the API says, and then it can be forced.
func drainConnector(v *visit) (*actionForm, error) {
	name := v.r.PathValue("name")
	return &actionForm{
		Title: "Drain " + name + "?", Button: "Drain",
		Says: "Nobody can connect to it from now on, and its clients are sent to the other connectors, one after the other. " +
			"Then it can be stopped; it does not stop by itself. One that is started again takes clients.",
		Blanks: []blank{
			{Name: "for", Label: "Over this time; empty: 5 minutes", Example: "30s, 5m, 1h", Kind: "text"},
			{Name: "force", Label: "Drain it all the same", Kind: "later"},
		},
		Back: "/connectors", of: "/v1/connectors/" + url.PathEscape(name) + "/drain",
	}, nil
}

// undrainConnector asks whether to have clients come again.
func undrainConnector(v *visit) (*actionForm, error) {
	name := v.r.PathValue("name")
	return &actionForm{
		Title: "Let clients connect to " + name + " again?", Button: "Take clients",
		Says: "It opens its ports again, and keeps the clients that it still has.",
		Back: "/connectors", of: "/v1/connectors/" + url.PathEscape(name) + "/drain",
	}, nil
}

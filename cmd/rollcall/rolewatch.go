package main

import (
	"cmp"
	"encoding/json"
	"log/slog"
	"slices"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// newRoleWatch compares the roles of the connectors that run: what somebody may do must not
// depend on the connector.
func newRoleWatch(name string, own []roles.Definition, log *slog.Logger) *peerWatch {
	return &peerWatch{
		name: name, log: log,
		differs: func(there ask.LeaseInfo) string { return roleDifferences(own, there.Roles) },
		warning: "connectors define roles differently, so that what an account may do depends on the connector; start all with the same sections [role]",
		over:    "all connectors define the same roles now",
	}
}

// sayOtherRoles tells people of connectors that define other roles than the first that runs.
func sayOtherRoles(con *console, list []ask.Connector) {
	var first *ask.Connector
	for i := range list {
		c := &list[i]
		switch {
		case c.State != ask.Alive:
		case first == nil:
			first = c
		default:
			if difference := roleDifferences(c.Roles, first.Roles); difference != "" {
				con.say("note: %s defines other roles than %s (%s); start all connectors with the same sections [role]", printable(c.Name), printable(first.Name), difference)
			}
		}
	}
}

// roleDifferences says which roles are defined on one side alone, or otherwise than on the
// other; "" if none are.
func roleDifferences(here, there []roles.Definition) string {
	return differences(defined(here, there), defined(there, here))
}

// defined are the names of roles, each with its definition if the others define it in another way.
func defined(defs, others []roles.Definition) (all []string) {
	for _, d := range defs {
		name, as := d.Name, meaning(d)
		i := slices.IndexFunc(others, func(o roles.Definition) bool { return o.Name == d.Name })
		if i >= 0 && meaning(others[i]) != as {
			name += " " + as
		}
		all = append(all, name)
	}
	slices.SortFunc(all, cmp.Compare)
	return all
}

// meaning is the same for definitions that mean the same: which role is the first of those
// inherited counts, for limits.
func meaning(d roles.Definition) string {
	d.Name = ""
	d.Allow, d.Deny = slices.Compact(slices.Sorted(slices.Values(d.Allow))), slices.Compact(slices.Sorted(slices.Values(d.Deny)))
	text, err := json.Marshal(struct {
		Inherits []string       `json:"inherits,omitempty"`
		Allow    []string       `json:"allow,omitempty"`
		Deny     []string       `json:"deny,omitempty"`
		Limits   map[string]int `json:"limits,omitempty"`
	}{d.Inherits, d.Allow, d.Deny, d.Limits})
	if err != nil {
		return err.Error() // there is none of such
	}
	return string(text)
}

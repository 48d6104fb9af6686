package main

import (
	"log/slog"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// newDomainWatch compares the domains of the connectors that run, and where their users
// come from. Both should be the same: a connector takes a domain that it does not serve for
// another server's, and refuses what its clients send there; and which users can log in must
// not depend on the connector. own is withUsers.
func newDomainWatch(name string, own []string, log *slog.Logger) *peerWatch {
	return &peerWatch{
		name: name, log: log,
		differs: func(there ask.LeaseInfo) string {
			if len(there.Domains) == 0 {
				return "" // of an older version
			}
			return differences(own, withUsers(there.Domains, there.Users))
		},
		warning: "connectors serve different domains, or users who come from elsewhere, and stanzas from one to a domain of the other alone are refused; start all with the same --domain and sections [users]",
		over:    "all connectors serve the same domains now",
	}
}

// withUsers are domains, each with where its users come from if they are not accounts made
// here.
func withUsers(domains []string, users map[string]string) []string {
	all := make([]string, 0, len(domains))
	for _, d := range domains {
		if from := users[d]; from != "" {
			d += " (" + from + ")"
		}
		all = append(all, d)
	}
	return all
}

// differences says which domains are on one list alone; "" if none are.
func differences(here, there []string) string {
	var words []string
	for _, side := range []struct {
		where           string
		domains, others []string
	}{{"only here", here, there}, {"only there", there, here}} {
		alone := slices.DeleteFunc(slices.Clone(side.domains), func(d string) bool { return slices.Contains(side.others, d) })
		if len(alone) > 0 {
			words = append(words, side.where+": "+strings.Join(alone, ", "))
		}
	}
	return strings.Join(words, "; ")
}

// sayDifferent tells people of connectors that do not serve all domains that some do.
func sayDifferent(con *console, list []ask.Connector) {
	var all []string
	for _, c := range list {
		if c.State == ask.Alive {
			all = append(all, c.Domains...)
		}
	}
	for _, c := range list {
		if lacks := differences(slices.Compact(slices.Sorted(slices.Values(all))), c.Domains); c.State == ask.Alive && len(c.Domains) > 0 && lacks != "" {
			con.say("note: %s does not serve %s; start all connectors with the same --domain", printable(c.Name), strings.TrimPrefix(lacks, "only here: "))
		}
	}
}

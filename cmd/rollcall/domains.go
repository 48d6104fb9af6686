package main

import (
	"encoding/json"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A domainWatch compares the domains of the connectors that run, and where their users
// come from. Both should be the same: a connector takes a domain that it does not serve for
// another server's, and refuses what its clients send there; and which users can log in must
// not depend on the connector. It warns and refuses nothing, for whoever adds a domain restarts
// one connector after the other. It is used by one goroutine.
type domainWatch struct {
	name   string                       // this connector's
	own    []string                     // withUsers
	others map[string]events.LeaseState // by name
	log    *slog.Logger
	told   []string // of which connectors it warned last
}

func newDomainWatch(name string, own []string, log *slog.Logger) *domainWatch {
	return &domainWatch{name: name, own: own, others: make(map[string]events.LeaseState), log: log}
}

// hear takes a lease that has begun, or ended.
func (w *domainWatch) hear(s events.LeaseState, alive bool) {
	switch {
	case s.Name == w.name:
		return
	case alive:
		w.others[s.Name] = s
	case w.others[s.Name].Incarnation == s.Incarnation:
		delete(w.others, s.Name)
	}
	var differ []string
	for _, name := range slices.Sorted(maps.Keys(w.others)) {
		if there, known := domainsOf(w.others[name]); known && differences(w.own, there) != "" {
			differ = append(differ, w.others[name].String())
		}
	}
	fresh := slices.DeleteFunc(slices.Clone(differ), func(i string) bool { return slices.Contains(w.told, i) })
	for _, other := range w.others {
		if slices.Contains(fresh, other.String()) {
			there, _ := domainsOf(other)
			w.log.Warn("connectors serve different domains, or users who come from elsewhere, and stanzas from one to a domain of the other alone are refused; start all with the same --domain and sections [users]",
				"connector", other.Name, "difference", differences(w.own, there))
		}
	}
	if len(differ) == 0 && len(w.told) > 0 {
		w.log.Warn("all connectors serve the same domains now")
	}
	w.told = differ
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

// domainsOf are those that the holder of a lease serves, withUsers; one of an older version
// says nothing.
func domainsOf(s events.LeaseState) (domains []string, known bool) {
	var info ask.LeaseInfo
	err := json.Unmarshal(s.Info, &info)
	return withUsers(info.Domains, info.Users), err == nil && len(info.Domains) > 0
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

package stats

import (
	"cmp"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A Connector is what happened at one, over all its incarnations.
type Connector struct {
	Connector string `json:"connector"`
	Started   uint64 `json:"started"`
	Stopped   uint64 `json:"stopped"`
	Lost      uint64 `json:"lost"` // incarnations that ended without having stopped
	Logins    uint64 `json:"logins"`
	Resumed   uint64 `json:"resumed"`  // resumptions that it took up
	Ended     uint64 `json:"ended"`    // sessions that ended at it
	Sessions  int    `json:"sessions"` // online at it at the end of the span
	Most      int    `json:"most_sessions"`
}

type connectors struct {
	nothing
	of     map[string]*Connector
	leases *session.Leases
}

func newConnectors() *connectors { return &connectors{of: map[string]*Connector{}} }

func (g *connectors) row(name string) *Connector {
	row := g.of[name]
	if row == nil {
		row = &Connector{Connector: strings.Clone(name)}
		g.of[row.Connector] = row
	}
	return row
}

func (g *connectors) begin(f *fold) {
	f.accounts(func(a *session.Account) { g.move(a, 1) })
	for _, row := range g.of {
		row.Most = row.Sessions
	}
	g.leases = f.table.Leases()
}

// lease carries out a record of leases. Nobody announces a connector as lost that is back
// under its name before others miss it: its next start says that it was.
func (g *connectors) lease(st *events.Stored) {
	had := holder(g.leases, st.Connector.Name)
	g.leases = session.ApplyLease(g.leases, st)
	switch e := st.Event.(type) {
	case events.ConnectorStarted:
		row := g.row(st.Connector.Name)
		row.Started++
		if had != 0 && had != holder(g.leases, st.Connector.Name) {
			row.Lost++
		}
	case events.ConnectorStopped:
		g.row(st.Connector.Name).Stopped++
	case events.ConnectorLost:
		g.row(e.Lost.Name).Lost++
	}
}

// holder is the epoch of the incarnation of a name that holds a lease; 0: none does.
func holder(l *session.Leases, name string) uint64 {
	if l == nil {
		return 0
	}
	for _, h := range l.Held {
		if h.Name == name {
			return h.Epoch
		}
	}
	return 0
}

// move adds an account's sessions to their connectors, or takes them away.
func (g *connectors) move(a *session.Account, n int) {
	for _, s := range a.Sessions() {
		if s.Bound() {
			g.row(s.Connector().Name).Sessions += n
		}
	}
}

func (g *connectors) take(c *change) {
	switch c.Event.(type) {
	case events.ConnectorStarted, events.ConnectorStopped, events.ConnectorLost:
		g.lease(c.Stored)
	case events.Authenticated:
		g.row(c.Connector.Name).Logins++
	case events.Resumed:
		if c.resumes() {
			g.row(c.Connector.Name).Resumed++
		}
	}
	for _, s := range c.ended {
		g.row(s.Connector().Name).Ended++
	}
	g.move(c.before, -1)
	g.move(c.after, 1)
	for _, s := range c.after.Sessions() {
		if s.Bound() {
			row := g.row(s.Connector().Name)
			row.Most = max(row.Most, row.Sessions)
		}
	}
}

func (g *connectors) answer(all *Answer) {
	all.Connectors = make([]Connector, 0, len(g.of))
	for _, row := range g.of {
		all.Connectors = append(all.Connectors, *row)
	}
	slices.SortFunc(all.Connectors, func(a, b Connector) int { return cmp.Compare(a.Connector, b.Connector) })
}

package stats

import (
	"cmp"
	"hash/maphash"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// An Agent is a client, with the logins by it.
type Agent struct {
	Agent    string `json:"agent"` // "": those that say nothing of themselves
	Logins   uint64 `json:"logins"`
	Accounts uint64 `json:"accounts"` // that have logged in with it
	Exact    bool   `json:"exact"`    // otherwise there were more
}

type agents struct {
	nothing
	ids     identities
	clients words
	rows    map[string]*Agent
	seen    map[uint64]struct{} // which account has which client
}

func newAgents() *agents {
	return &agents{ids: newIdentities(), clients: words{}, rows: map[string]*Agent{}, seen: map[uint64]struct{}{}}
}

func (g *agents) take(c *change) {
	switch e := c.Event.(type) {
	case events.AccountRemoved:
		g.ids.remove(c.JID, c.Seq)
	case events.Authenticated:
		g.login(g.clients.of(public.Software(e.Agent)), g.ids.of(c.JID.Bare()))
	}
}

func (g *agents) login(client string, account uint64) {
	row := g.rows[client]
	if row == nil {
		row = &Agent{Agent: client, Exact: true}
		g.rows[client] = row
	}
	row.Logins++
	pair := maphash.Comparable(g.ids.seed, pairing{client, account})
	switch _, known := g.seen[pair]; {
	case known:
	case len(g.seen) >= MaxAccounts:
		row.Exact = false
	default:
		g.seen[pair] = struct{}{}
		row.Accounts++
	}
}

// A pairing is an account with a client.
type pairing struct {
	client  string
	account uint64
}

func (g *agents) answer(all *Answer) {
	all.Agents = make([]Agent, 0, len(g.rows))
	for _, row := range g.rows {
		all.Agents = append(all.Agents, *row)
	}
	slices.SortFunc(all.Agents, func(a, b Agent) int {
		return cmp.Or(-cmp.Compare(a.Logins, b.Logins), cmp.Compare(a.Agent, b.Agent))
	})
}

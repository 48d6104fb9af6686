package ask

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// LeaseInfo is what a connector tells the others, and people, in its lease.
type LeaseInfo struct {
	C2S    string `json:"c2s"`     // where it listens; "" if it doesn't
	C2STLS string `json:"c2s_tls"` // and for direct TLS
	WS     string `json:"ws"`      // and for WebSocket
	WSTLS  string `json:"ws_tls"`  // and for WebSocket over TLS

	Domains []string `json:"domains"` // whose accounts it serves

	// Users say of those of them whose users are not accounts made here what they are:
	// the name of a database, or guests.
	Users map[string]string `json:"users,omitempty"`

	// Roles are those beside the built-in ones, or changes of these.
	Roles []roles.Definition `json:"roles,omitempty"`

	Drain *Drain `json:"drain,omitempty"` // nil: it is not being drained
}

// A Connector is one as people and scripts see it.
type Connector struct {
	Name      string `json:"name"`
	Epoch     uint64 `json:"epoch"`
	State     string `json:"state"` // Alive or Lost
	Sessions  int    `json:"sessions"`
	Available int    `json:"available"`
	Detached  int    `json:"detached"`
	C2S       string `json:"c2s"`
	C2STLS    string `json:"c2s_tls"`
	WS        string `json:"ws"`
	WSTLS     string `json:"ws_tls"`
	Since     string `json:"since"`

	Domains []string           `json:"domains"`
	Drain   *Drain             `json:"drain"` // null: it is not being drained, or that is not known
	Roles   []roles.Definition `json:"-"`     // of one that is Alive
}

// The states of a connector. Lost is one that did not renew its lease in time,
// or has none any longer but still sessions in the table.
const (
	Alive = "alive"
	Lost  = "lost"
)

// Connectors lists the connectors of a moment, by name and epoch.
func (s *Source) Connectors(ctx context.Context, m replay.Moment) (list []Connector, known Known, err error) {
	if IsNow(m) {
		known = Known{s.Now.Position(), true}
		list, err = s.connectorsNow(ctx)
		return list, known, err
	}
	past, err := replay.At(ctx, s.Archive, m)
	if err != nil {
		return nil, known, err
	}
	return connectorsThen(past.Table), knownOf(past), nil
}

// connectorsThen are those of a table of the past: by what the log said of leases,
// and, if it said nothing of one that held sessions, by these alone.
func connectorsThen(table *projector.Table) (list []Connector) {
	held := table.Connectors()
	for _, i := range table.Holding() {
		v := Connector{Name: i.Name, Epoch: i.Epoch, State: Alive, Since: sinceOf(table.Leases(), i), Domains: []string{}}
		if table.IsLost(i) {
			v.State = Lost
		}
		if n := slices.IndexFunc(held, func(c projector.Connector) bool { return c.Incarnation == i }); n >= 0 {
			v.Sessions, v.Available, v.Detached = held[n].Sessions, held[n].Available, held[n].Detached
		}
		list = append(list, v)
	}
	return list
}

// sinceOf is when an incarnation began to hold its lease; "" of one that no longer
// does, or of which that is not known.
func sinceOf(l *session.Leases, i events.Incarnation) string {
	if l == nil {
		return ""
	}
	for _, h := range l.Held {
		if h.Incarnation == i {
			return query.Timestamp(h.Since)
		}
	}
	return ""
}

// connectorsNow puts together who holds a lease and what the table says they
// hold.
func (s *Source) connectorsNow(ctx context.Context) ([]Connector, error) {
	held, err := s.Now.Holdings(ctx)
	if err != nil {
		return nil, err
	}
	// Later than the sessions that are held: a connector that is in the first
	// and not in the second is lost, not new.
	leases, err := s.Leases.Alive(ctx)
	if err != nil {
		return nil, err
	}
	now, err := s.Leases.Clock(ctx)
	if err != nil {
		return nil, err
	}
	return connectorViews(leases, held, now), nil
}

// connectorViews are all that hold a lease or sessions, by name and epoch. now is
// by the clock by which leases are renewed. A holder that did not renew its lease
// gives up before the server ends it, which the server may be late to do besides.
func connectorViews(leases []events.LeaseState, held []query.Holding, now time.Time) (list []Connector) {
	for _, l := range leases {
		v := Connector{Name: l.Name, Epoch: l.Epoch, State: Alive, Since: query.Timestamp(l.Started.UnixNano())}
		if !now.Before(l.Until()) {
			v.State = Lost
		}
		var info LeaseInfo
		if json.Unmarshal(l.Info, &info) == nil { // of another version: unknown, no error
			v.C2S, v.C2STLS, v.WS, v.WSTLS = info.C2S, info.C2STLS, info.WS, info.WSTLS
		}
		v.Domains, v.Roles, v.Drain = append([]string{}, info.Domains...), info.Roles, info.Drain
		list = append(list, v)
	}
	for _, h := range held {
		i := slices.IndexFunc(list, func(v Connector) bool { return v.Name == h.Name && v.Epoch == h.Epoch })
		if i < 0 {
			list = append(list, Connector{Name: h.Name, Epoch: h.Epoch, State: Lost, Domains: []string{}})
			i = len(list) - 1
		}
		list[i].Sessions, list[i].Available, list[i].Detached = h.Sessions, h.Available, h.Detached
	}
	slices.SortFunc(list, func(a, b Connector) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Epoch, b.Epoch))
	})
	return list
}

// Served are the domains that all connectors that run serve. While none runs, or one of
// another version, nothing is known.
func Served(ctx context.Context, leases Leases) (served []string, known bool, err error) {
	alive, err := leases.Alive(ctx)
	if err != nil || len(alive) == 0 {
		return nil, false, err
	}
	for _, state := range alive {
		var info LeaseInfo
		if json.Unmarshal(state.Info, &info) != nil || len(info.Domains) == 0 {
			return nil, false, nil
		}
		served = append(served, info.Domains...)
	}
	return served, true, nil
}

// Elsewhere finds a connector that runs and takes the users of a domain from elsewhere,
// and says from what; the kind is "" if there is none.
func Elsewhere(ctx context.Context, leases Leases, domain string) (kind, connector string, err error) {
	alive, err := leases.Alive(ctx)
	if err != nil {
		return "", "", err
	}
	for _, state := range alive {
		var info LeaseInfo
		if json.Unmarshal(state.Info, &info) == nil && info.Users[domain] != "" {
			return info.Users[domain], state.Name, nil
		}
	}
	return "", "", nil
}

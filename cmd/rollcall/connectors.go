package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/bus/courier"
	"rollcall/cmd/rollcall/ask"
	"rollcall/events"
	"rollcall/projector"
	"rollcall/projector/query"
	"rollcall/replay"
	"rollcall/session"
)

// leaseInfo is what a connector tells the others, and people, in its lease.
type leaseInfo struct {
	C2S    string `json:"c2s"`     // where it listens; "" if it doesn't
	C2STLS string `json:"c2s_tls"` // and for direct TLS
	WS     string `json:"ws"`      // and for WebSocket
	WSTLS  string `json:"ws_tls"`  // and for WebSocket over TLS

	Domains []string `json:"domains"` // whose accounts it serves
}

// A connectorView is a connector as people and scripts see it.
type connectorView struct {
	Name      string `json:"name"`
	Epoch     uint64 `json:"epoch"`
	State     string `json:"state"` // stateAlive or stateLost
	Sessions  int    `json:"sessions"`
	Available int    `json:"available"`
	Detached  int    `json:"detached"`
	C2S       string `json:"c2s"`
	C2STLS    string `json:"c2s_tls"`
	WS        string `json:"ws"`
	WSTLS     string `json:"ws_tls"`
	Since     string `json:"since"`

	Domains []string `json:"domains"`
}

// The states of a connector. Lost is one that did not renew its lease in time,
// or has none any longer but still sessions in the table.
const (
	stateAlive = "alive"
	stateLost  = "lost"
)

// newConnectors shows the connectors that there are, by the leases, and the
// sessions that they hold, by the table. Of a moment both are what the log says.
func newConnectors(con *console) *cobra.Command {
	var (
		svc    service
		at     string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "connectors",
		Short: "Show the connectors and what they hold",
		Long: "Show the connectors and what they hold. Alive is one that has a lease; lost is\n" +
			"one that did not renew its lease in time, and serves nobody any longer. It\n" +
			"leaves the list when another one, or its next start, has closed its sessions.\n\n" +
			"With --at they are those of a moment. Where one listened then is not kept.",
		Args: arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			m, err := parseMoment(at, time.Now())
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				list, err := connectorsAt(ctx, con, b, m)
				if err != nil {
					return err
				}
				return showConnectors(con, list, asJSON)
			})
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&at, "at", "", "as it was at a `TIME|SEQ`")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	return cmd
}

// connectorsAt lists the connectors of a moment.
func connectorsAt(ctx context.Context, con *console, b *bus.Bus, m replay.Moment) ([]connectorView, error) {
	if ask.IsNow(m) {
		return connectorsNow(ctx, con, b)
	}
	table, err := past(ctx, con, b, m)
	if err != nil {
		return nil, err
	}
	return connectorsThen(table), nil
}

// connectorsThen are those of a table of the past: by what the log said of leases,
// and, if it said nothing of one that held sessions, by these alone.
func connectorsThen(table *projector.Table) (list []connectorView) {
	held := table.Connectors()
	for _, i := range table.Holding() {
		v := connectorView{Name: i.Name, Epoch: i.Epoch, State: stateAlive, Since: sinceOf(table.Leases(), i), Domains: []string{}}
		if table.IsLost(i) {
			v.State = stateLost
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
func connectorsNow(ctx context.Context, con *console, b *bus.Bus) ([]connectorView, error) {
	held, err := heldNow(ctx, con, b)
	if err != nil {
		return nil, err
	}
	// Later than what is held: a connector that is in the first and not in the
	// second is lost, not new.
	leases, err := b.Leases().Alive(ctx)
	if err != nil {
		return nil, err
	}
	now, err := b.Leases().Clock(ctx)
	if err != nil {
		return nil, err
	}
	return connectorViews(leases, held, now), nil
}

// connectorViews are all that hold a lease or sessions, by name and epoch. now is
// by the clock by which leases are renewed. A holder that did not renew its lease
// gives up before the server ends it, which the server may be late to do besides.
func connectorViews(leases []events.LeaseState, held []query.Holding, now time.Time) (list []connectorView) {
	for _, l := range leases {
		v := connectorView{Name: l.Name, Epoch: l.Epoch, State: stateAlive, Since: query.Timestamp(l.Started.UnixNano())}
		if !now.Before(l.Until()) {
			v.State = stateLost
		}
		var info leaseInfo
		if json.Unmarshal(l.Info, &info) == nil { // of another version: unknown, no error
			v.C2S, v.C2STLS, v.WS, v.WSTLS = info.C2S, info.C2STLS, info.WS, info.WSTLS
		}
		v.Domains = append([]string{}, info.Domains...)
		list = append(list, v)
	}
	for _, h := range held {
		i := slices.IndexFunc(list, func(v connectorView) bool { return v.Name == h.Name && v.Epoch == h.Epoch })
		if i < 0 {
			list = append(list, connectorView{Name: h.Name, Epoch: h.Epoch, State: stateLost, Domains: []string{}})
			i = len(list) - 1
		}
		list[i].Sessions, list[i].Available, list[i].Detached = h.Sessions, h.Available, h.Detached
	}
	slices.SortFunc(list, func(a, b connectorView) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Epoch, b.Epoch))
	})
	return list
}

// heldNow asks what each connector holds, or folds the log to find out.
func heldNow(ctx context.Context, con *console, b *bus.Bus) (held []query.Holding, err error) {
	for h, err := range running(b).Holdings(ctx) {
		switch {
		case errors.Is(err, courier.ErrNoAnswer):
			table, err := past(ctx, con, b, replay.Moment{})
			if err != nil {
				return nil, err
			}
			return slices.Collect(query.Holdings(table)), nil
		case err != nil:
			return nil, err
		}
		held = append(held, h)
	}
	return held, nil
}

// showConnectors puts last what may be long. The epoch is for comparing with
// the history.
func showConnectors(c *console, list []connectorView, asJSON bool) error {
	now := time.Now()
	t := newTable(c.out, "NAME", "STATE", "SESSIONS", "AVAILABLE", timeHead("SINCE", c.zoneName(now)), "EPOCH", "LISTENS")
	for _, v := range list {
		if asJSON {
			if err := c.printJSON(v); err != nil {
				return err
			}
			continue
		}
		since := "-"
		if at, err := time.Parse(time.RFC3339, v.Since); err == nil {
			since = c.stamp(at, now)
		}
		where := inWords(set(field{"c2s", v.C2S}, field{"c2s-tls", v.C2STLS}, field{"ws", v.WS}, field{"ws-tls", v.WSTLS}))
		if err := t.row(v.Name, v.State, strconv.Itoa(v.Sessions), strconv.Itoa(v.Available), since, strconv.FormatUint(v.Epoch, 10), cmp.Or(where, "-")); err != nil {
			return err
		}
	}
	if len(list) == 0 {
		c.say("no connectors")
	}
	return t.flush()
}

package ask

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Draining: a connector that is about to be stopped lets no new clients come, and sends those
// that it has to the others.

// MaxDrain is how long a connector may take to send its clients away.
const MaxDrain = 24 * time.Hour

// Why a connector is not drained, or not any longer.
var (
	ErrNoConnector = errors.New("there is no such connector")
	// ErrOnlyConnector: its clients would have nowhere to go.
	ErrOnlyConnector = errors.New("no other connector takes its clients")
	ErrNotDraining   = errors.New("it is not being drained")
	// ErrConnectorGone: it holds a lease, but does not answer.
	ErrConnectorGone = errors.New("it does not answer")
)

// A DrainOrder is what a connector is told to do. Without Begin and End it is asked how far it is.
type DrainOrder struct {
	Begin bool          `json:"begin,omitempty"` // or begin again, with the clients that are left
	End   bool          `json:"end,omitempty"`   // let clients come again
	Over  time.Duration `json:"over,omitempty"`  // so evenly the clients are sent away; at most MaxDrain
	Force bool          `json:"force,omitempty"` // though nobody else takes its clients
	By    events.Actor  `json:"by,omitempty"`
}

// A Drain is that of a connector, as it says in its lease.
type Drain struct {
	Since    string       `json:"since"`
	Until    string       `json:"until"`    // when its last client is sent away
	Sessions int          `json:"sessions"` // that it had when it began
	By       events.Actor `json:"by"`       // who wanted it
}

// A DrainReport is how far a connector is.
type DrainReport struct {
	Connector string `json:"connector"`
	Drain     *Drain `json:"drain"` // null: it is not being drained
	Sessions  int    `json:"sessions"`
}

// CheckDrain refuses a time that can't be.
func CheckDrain(over time.Duration) error {
	if over < 0 || over > MaxDrain {
		return fmt.Errorf("%s is no time to drain a connector in: give up to %s", over, MaxDrain)
	}
	return nil
}

// Exists fails with ErrNoConnector unless a connector runs under that name, and says which ones
// do.
func Exists(ctx context.Context, leases Leases, name string) error {
	alive, err := running(ctx, leases)
	if err != nil {
		return err
	}
	var names []string
	for _, l := range alive {
		if l.Name == name {
			return nil
		}
		names = append(names, l.Name)
	}
	if names == nil {
		return fmt.Errorf("%s: %w: none runs", name, ErrNoConnector)
	}
	return fmt.Errorf("%s: %w: there are %s", name, ErrNoConnector, strings.Join(names, ", "))
}

// Unserved are those of a connector's domains whose clients would have nowhere to go without
// it: no other that runs, listens and is not being drained has them.
func Unserved(ctx context.Context, leases Leases, name string, domains []string) (unserved []string, err error) {
	alive, err := running(ctx, leases)
	if err != nil {
		return nil, err
	}
	unserved = slices.Clone(domains)
	for _, l := range alive {
		var info LeaseInfo
		if l.Name == name || json.Unmarshal(l.Info, &info) != nil || info.Drain != nil || !info.listens() {
			continue
		}
		unserved = slices.DeleteFunc(unserved, func(d string) bool { return slices.Contains(info.Domains, d) })
	}
	return unserved, nil
}

// running are the leases that were renewed in time.
func running(ctx context.Context, leases Leases) ([]events.LeaseState, error) {
	alive, err := leases.Alive(ctx)
	if err != nil {
		return nil, err
	}
	now, err := leases.Clock(ctx)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(alive, func(l events.LeaseState) bool { return !now.Before(l.Until()) }), nil
}

func (i *LeaseInfo) listens() bool { return i.C2S+i.C2STLS+i.WS+i.WSTLS != "" }

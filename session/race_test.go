package session_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// race lets clients of several connectors, each with its own way to the log,
// bind the same few full JIDs.
func race(t *testing.T, connectors, clients, logins int, open func() (events.Log, session.States)) (racers []*racer) {
	start := time.Now()
	var all sync.WaitGroup
	for i := range connectors {
		log, accounts := open()
		service := newService(t, session.Config{
			Log: log, Accounts: accounts, Connector: events.Incarnation{Name: fmt.Sprintf("c%d", i), Epoch: 1},
		})
		for range clients {
			r := &racer{t: t, name: len(racers), service: service, start: start, binds: make(map[events.ConnID]porcupine.Operation)}
			racers = append(racers, r)
			all.Go(func() { r.run(logins) })
		}
	}
	all.Wait()
	return racers
}

func TestBindingIsLinearizableInMemory(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]bustest.Faults{
		"delays":       {Delay: 10 * time.Millisecond},
		"lost answers": {Delay: 10 * time.Millisecond, LostAck: 0.1, LostRequest: 0.1, LateRequest: 0.1},
		"a cluster":    {Delay: 10 * time.Millisecond, InFlight: 0.3, LateRequest: 0.05},
		"a bad day":    {Delay: time.Second, LostAck: 0.1, LateRequest: 0.1, InFlight: 0.1, Unavailable: 0.1, ReadFails: 0.1},
	} {
		for seed := range uint64(10) {
			f := f
			f.Seed = seed
			t.Run(fmt.Sprintf("%s %d", name, seed), func(t *testing.T) {
				t.Parallel()
				var history []porcupine.Operation
				synctest.Test(t, func(t *testing.T) {
					log := bustest.NewLog()
					log.Inject(f)
					racers := race(t, 4, 2, 8, func() (events.Log, session.States) {
						return log, lazyTable{newTable(log)}
					})
					log.Inject(bustest.Faults{})
					log.Settle()
					history = historyOf(t, log, racers)
				})
				checkLinearizable(t, history)
			})
		}
	}
}

func TestBindingIsLinearizableOnOneServer(t *testing.T) {
	t.Parallel()
	raceOnServers(t, bustest.StartServer(t).URL)
}

func TestBindingIsLinearizableOnACluster(t *testing.T) {
	t.Parallel()
	raceOnServers(t, bustest.StartCluster(t, 3).URL)
}

func raceOnServers(t *testing.T, url string) {
	ctx, stop := context.WithCancel(t.Context())
	var followers sync.WaitGroup
	defer followers.Wait()
	defer stop()
	var log events.Log
	racers := race(t, 4, 2, 12, func() (events.Log, session.States) {
		b, err := bus.Connect(ctx, bus.Config{URL: url})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(b.Close)
		log = b.Log()
		table := newTable(log)
		followers.Go(func() { table.follow(ctx) })
		return log, table
	})
	checkLinearizable(t, historyOf(t, log, racers))
}

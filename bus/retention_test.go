package bus_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A connector is a process that has folded what the log had when it started.
type connector struct {
	*session.Service
	table *projector.Table
}

func startConnector(t *testing.T, b *bus.Bus, name string) *connector {
	t.Helper()
	c := &connector{table: projector.NewTable()}
	p, err := projector.New(projector.Config{Log: b.Log(), Table: c.table})
	must(t, err)
	ctx, stop := context.WithCancel(context.Background())
	var folding sync.WaitGroup
	folding.Go(func() { p.Run(ctx) })
	t.Cleanup(func() {
		stop()
		folding.Wait()
	})
	<-p.CaughtUp()
	c.Service, err = session.NewService(session.Config{
		Log: b.Log(), Accounts: c.table, Connector: events.Incarnation{Name: name, Epoch: 1}, Timeout: patience,
	})
	must(t, err)
	return c
}

// login binds the account's full JID unless somebody has it.
func (c *connector) login(ctx context.Context, account events.JID) (events.SessionID, error) {
	id := events.NewSessionID(time.Now())
	for _, command := range []session.Command{
		session.Authenticate{Session: id, AsOf: 1 << 62},
		session.Bind{Session: id, Resource: "desk", Conflict: session.Refuse},
	} {
		if _, _, err := c.Do(ctx, account, events.ConnID(id), command); err != nil {
			return id, err
		}
	}
	return id, nil
}

// retain gives the log an age.
func retain(t *testing.T, url string, age time.Duration, opts ...nats.Option) {
	t.Helper()
	_, js := raw(t, url, opts...)
	log, err := js.Stream(within(t), "RC_EV")
	must(t, err)
	c := log.CachedInfo().Config
	c.MaxAge, c.Duplicates = age, min(c.Duplicates, age)
	_, err = js.UpdateStream(within(t), c)
	must(t, err)
}

// awaitForgotten waits until the log has no record.
func awaitForgotten(t *testing.T, l events.Log) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for ctx := within(t); ; <-tick.C {
		info, err := l.Info(ctx)
		must(t, err)
		if info.Records == 0 {
			return
		}
	}
}

// TestOnlyOneOfTwoWritersBindsIfOneRemembersAForgottenAccount: to the one the
// account's last sequence is 0, to the other the one that it had before the log
// forgot it.
func TestOnlyOneOfTwoWritersBindsIfOneRemembersAForgottenAccount(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{InProcess: s})
	var accounts []events.JID
	old := startConnector(t, b, "old")
	for i := range 30 {
		account := events.StoredJID(fmt.Sprintf("u%d@example.org", i))
		accounts = append(accounts, account)
		id, err := old.login(within(t), account)
		must(t, err)
		old.End(within(t), account, events.ConnID(id), session.Close{Session: id})
	}
	retain(t, s.URL(), 200*time.Millisecond, s.Login())
	awaitForgotten(t, b.Log())
	retain(t, s.URL(), time.Hour, s.Login())

	late := startConnector(t, b, "late")
	var race sync.WaitGroup
	for _, account := range accounts {
		if old.table.Account(account) == nil || late.table.Account(account) != nil {
			t.Fatalf("%s is remembered by the wrong one", account)
		}
		var failed [2]error
		for i, c := range []*connector{old, late} {
			race.Go(func() { _, failed[i] = c.login(within(t), account) })
		}
		race.Wait()
		if (failed[0] == nil) == (failed[1] == nil) || !errors.Is(errors.Join(failed[:]...), session.ErrConflict) {
			t.Errorf("%s: %v and %v", account, failed[0], failed[1])
		}
	}
	info, err := b.Log().Info(within(t))
	must(t, err)
	var hashes [2]projector.Hash
	for i, c := range []*connector{old, late} {
		must(t, c.table.WaitFor(within(t), events.Position{Stream: info.Stream, Seq: info.Last}))
		_, hashes[i] = c.table.Hash()
	}
	if hashes[0] != hashes[1] {
		t.Errorf("the tables have %s and %s", hashes[0], hashes[1])
	}
}

// A table that was out of reach of the log for longer than the log's age has
// sessions in it of whose ends it will never hear.
func TestAFollowerIsToldWhatItHasMissedForEver(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	f := follow(t, within(t), b.Log())
	f.to(write(t, within(t), b.Log(), 0))
	server.Kill() // and so the follower's consumer with it
	server.Start()
	write(t, within(t), b.Log(), 1)
	retain(t, server.URL, 200*time.Millisecond)
	awaitForgotten(t, b.Log())
	retain(t, server.URL, time.Hour)
	write(t, within(t), b.Log(), 0)
	for {
		st, err, ok := f.next()
		switch {
		case !ok || err == nil:
			t.Fatalf("it goes on with %+v", st)
		case errors.Is(err, events.ErrRewound):
			return
		}
	}
}

// Whoever has the state of a record needs the one behind it.
func TestAFollowerIsToldThatWhatComesNextIsForgotten(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	l := connect(t, bus.Config{InProcess: s}).Log()
	ctx := within(t)
	for _, account := range []events.JID{alice, bob} {
		_, err := l.Append(ctx, record(account, 0, "forgotten"))
		must(t, err)
	}
	retain(t, s.URL(), 200*time.Millisecond, s.Login())
	awaitForgotten(t, l)
	retain(t, s.URL(), time.Hour, s.Login())
	_, err := l.Append(ctx, record(alice, 0, "left"))
	must(t, err)
	for after, want := range map[events.Seq]error{0: nil, 1: events.ErrRewound, 2: nil} {
		for _, err := range l.Follow(ctx, after) {
			if !errors.Is(err, want) {
				t.Errorf("after %d: %v, want %v", after, err, want)
			}
			break
		}
	}
}

package bus_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// One cluster serves all of these, in turn: three servers on one machine are
// slow to start.
func TestCluster(t *testing.T) {
	t.Parallel()
	cluster := bustest.StartCluster(t, 3)
	t.Run("streams have three replicas", func(t *testing.T) {
		connect(t, bus.Config{URL: cluster.URL})
		_, js := raw(t, cluster.URL)
		for _, name := range []string{"RC_EV", "RC_PRE", "RC_LEASE", "RC_WAITING", "KV_RC_ACCOUNTS", "KV_RC_ROSTERS", "KV_RC_BLOCKED", "KV_RC_PRIVATE", "KV_RC_NAMES", "KV_RC_TOKENS", "KV_RC_SERVICE", "KV_RC_BANS", "RC_AUDIT"} {
			s, err := js.Stream(within(t), name)
			must(t, err)
			if n := s.CachedInfo().Config.Replicas; n != 3 {
				t.Errorf("%s has %d replicas", name, n)
			}
		}
	})
	t.Run("the log keeps the contract", func(t *testing.T) {
		bustest.TestLogInTurn(t, func(t *testing.T) events.Log { return fresh(t, cluster.URL, cluster.Servers...) })
	})
	t.Run("a lease passes on when it ends", func(t *testing.T) { leasePassesOn(t, connect(t, bus.Config{URL: cluster.URL})) })
	t.Run("a reader misses nothing though a replica lags", func(t *testing.T) { lag(t, cluster) })
	t.Run("the published form has the log's sequences", func(t *testing.T) { publishes(t, connect(t, bus.Config{URL: cluster.URL}), cluster.URL) })
	t.Run("a backup goes to a single server and back", func(t *testing.T) { moveBetween(t, cluster) })
	t.Run("a follower goes on when the leader is killed", func(t *testing.T) { killLeader(t, cluster) })
}

// moveBetween restores a cluster's backup on a single server, and that one's on the
// cluster.
func moveBetween(t *testing.T, cluster *bustest.Cluster) {
	whole(t, cluster)
	_, js := raw(t, cluster.URL)
	single := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: cluster.URL})
	somethingOfEach(t, b)
	want := everything(t, cluster.URL)
	done, err := bus.Restore(t.Context(), bus.Config{URL: single.URL(), Credentials: keyOf(single)}, backUp(t, b), nil)
	must(t, err)
	if done.Replicas != 1 {
		t.Errorf("%d replicas on a single server", done.Replicas)
	}
	for name := range js.StreamNames(within(t)).Name() {
		must(t, js.DeleteStream(within(t), name))
		for _, s := range cluster.Servers {
			s.AwaitRemoval(name)
		}
	}
	from := backUp(t, connect(t, bus.Config{URL: single.URL(), Credentials: keyOf(single), Existing: true}))
	done, err = bus.Restore(t.Context(), bus.Config{URL: cluster.URL}, from, nil)
	must(t, err)
	if done.Replicas != 3 {
		t.Errorf("%d replicas on a cluster of three", done.Replicas)
	}
	whole(t, cluster)
	same(t, everything(t, cluster.URL), want)
	put(t, connect(t, bus.Config{URL: cluster.URL}).Rosters(), user(99), "new", 0)
}

// killLeader kills the log's leader. The follower may lose its connection or
// its consumer with it.
func killLeader(t *testing.T, cluster *bustest.Cluster) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	l := fresh(t, cluster.URL, cluster.Servers...)
	f := follow(t, ctx, l)
	last := write(t, ctx, l, 0)
	f.to(last)
	cluster.Servers[whole(t, cluster)].Kill()
	start := time.Now()
	for range 3 {
		last = write(t, ctx, l, last)
		f.to(last)
	}
	t.Logf("three more records %s after the leader was killed", time.Since(start))
	// A consumer's group may yet be at its election.
	n, err := chained(t, ctx, l)
	for errors.Is(err, events.ErrUnavailable) && ctx.Err() == nil {
		n, err = chained(t, ctx, l)
	}
	must(t, err)
	if n != last {
		t.Errorf("%d records, want %d", n, last)
	}
}

// lag reads while a server that was away gets what it has missed. A reader may be
// served by it.
func lag(t *testing.T, cluster *bustest.Cluster) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	l := fresh(t, cluster.URL, cluster.Servers...)
	last := write(t, ctx, l, 0)
	away := cluster.Servers[(whole(t, cluster)+1)%3]
	for range 5 {
		away.Kill()
		for range 100 {
			last = write(t, ctx, l, last)
		}
		away.Start()
		for range 40 {
			n, err := chained(t, ctx, l)
			if errors.Is(err, events.ErrUnavailable) {
				continue
			}
			must(t, err)
			if n != last {
				t.Fatalf("%d records, want %d", n, last)
			}
		}
	}
}

// chained reads a log of one account and returns how many records it has.
func chained(t *testing.T, ctx context.Context, l events.Log) (n events.Seq, err error) {
	for s, err := range l.Read(ctx, events.Range{}) {
		if err != nil {
			return n, err
		}
		if n++; s.Seq != n || s.Prev != n-1 {
			t.Errorf("record %d at sequence %d follows %d", n, s.Seq, s.Prev)
		}
	}
	return n, nil
}

// whole waits until all replicas of the log have caught up, and returns which
// server leads.
func whole(t *testing.T, cluster *bustest.Cluster) (leader int) {
	ctx := within(t)
	_, js := raw(t, cluster.URL)
	for ctx.Err() == nil {
		s, err := js.Stream(ctx, "RC_EV")
		if err == nil && current(s.CachedInfo().Cluster) {
			return int(s.CachedInfo().Cluster.Leader[1] - '1') // n1, n2 or n3
		}
	}
	t.Fatal("the cluster does not get whole")
	return 0
}

func current(c *jetstream.ClusterInfo) bool {
	return c != nil && c.Leader != "" && len(c.Replicas) == 2 &&
		!slices.ContainsFunc(c.Replicas, func(r *jetstream.PeerInfo) bool { return !r.Current || r.Offline })
}

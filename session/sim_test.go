package session_test

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

var (
	seedFlag  = flag.Uint64("sim.seed", 0, "play this simulation only")
	seedsFlag = flag.Int("sim.seeds", 200, "how many simulations to play")
)

// TestServicesKeepTheInvariantsUnderFaults simulates connectors that share a log which
// loses, delays and repeats, whose tables lag, and which lose their leases while
// clients log in, bind, resume and leave. One scheduler decides by a seed what
// happens next; time passes only when nothing else can happen.
func TestServicesKeepTheInvariantsUnderFaults(t *testing.T) {
	t.Parallel()
	first, n := uint64(1), uint64(*seedsFlag)
	if *seedFlag != 0 {
		first, n = *seedFlag, 1
	}
	for seed := first; seed < first+n; seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { newSim(t, seed).run() })
		})
	}
}

// A sim is one simulation. All but the services and the clients runs in one
// goroutine, and they only between two steps of it, one at a time.
type sim struct {
	t       *testing.T
	seed    uint64
	random  *rand.Rand
	log     *bustest.Log
	ctx     context.Context
	nodes   []*simNode // that were ever started
	clients []*client
	running sync.WaitGroup // nodes' Run
	calm    bool           // no more faults
	faults  map[string]int // how often each happened

	mu    sync.Mutex
	asked int     // guarded by mu: how many deadlines were given
	calls []*call // guarded by mu
	left  int     // guarded by mu: clients and reapers at work
}

// A simNode is one incarnation of a connector.
type simNode struct {
	connector events.Incarnation
	service   *session.Service
	table     *table
	lease     chan struct{}
	fenced    bool
	cut       bool // the log can't be reached
}

const (
	// tick is a little longer than the longest pause of a service: whoever
	// pauses when it begins is awake when it ends, whatever the jitter.
	tick       = 501 * time.Millisecond
	simNames   = 3
	simClients = 5
	// simLimit bounds the steps of one simulation; a healthy one takes a tenth.
	simLimit = 100_000
)

func newSim(t *testing.T, seed uint64) *sim {
	s := &sim{t: t, seed: seed, random: rand.New(rand.NewPCG(seed, 1)), log: bustest.NewLog(), faults: make(map[string]int)}
	for i := range simNames {
		s.start(fmt.Sprintf("c%d", i+1))
	}
	for i := range simClients {
		s.clients = append(s.clients, newClient(s, i))
	}
	return s
}

// fail prints the line that repeats the simulation.
func (s *sim) fail(format string, a ...any) {
	s.t.Helper()
	s.t.Errorf("%s\nrepeat: go test ./session -run TestServicesKeepTheInvariantsUnderFaults -sim.seed=%d", fmt.Sprintf(format, a...), s.seed)
}

// dice is true so many times in a hundred, and never when all is calm.
func (s *sim) dice(percent int) bool { return !s.calm && s.random.IntN(100) < percent }

func (s *sim) start(name string) {
	n := &simNode{connector: events.Incarnation{Name: name, Epoch: uint64(len(s.nodes) + 1)}, lease: make(chan struct{})}
	n.table = newTable(s.log)
	n.table.forgets = s.seed%2 == 0
	n.service = newService(s.t, session.Config{
		Log: &simLog{s.log, s, n}, Accounts: n.table, Connector: n.connector, Fenced: n.lease, Timeout: 20 * tick,
	})
	s.nodes = append(s.nodes, n)
}

// alive lists those that hold their lease.
func (s *sim) alive() (nodes []*simNode) {
	for _, n := range s.nodes {
		if !n.fenced {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

func (s *sim) run() {
	ctx, stop := context.WithCancel(s.t.Context())
	s.ctx = ctx
	for _, n := range s.nodes {
		s.running.Go(func() { n.service.Run(ctx) })
	}
	s.left = len(s.clients)
	for _, c := range s.clients {
		s.work(c.live)
	}
	s.steps()
	s.calm = true
	for _, n := range s.nodes {
		n.cut = false
	}
	s.steps()
	s.reapAll()
	s.steps()
	stop()
	synctest.Wait()
	s.running.Wait()
	if !s.t.Failed() {
		s.check()
	}
}

// work runs a client or a reaper, which left counts already.
func (s *sim) work(f func()) {
	go func() {
		f()
		s.mu.Lock()
		defer s.mu.Unlock()
		s.left--
	}()
}

// steps goes on until all clients are done and, in calm, all that they left.
func (s *sim) steps() {
	for range simLimit {
		synctest.Wait()
		if s.t.Failed() || s.done() {
			return
		}
		s.step()
	}
	s.fail("it doesn't end")
}

func (s *sim) done() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left > 0 || !s.calm {
		return s.left == 0
	}
	for _, n := range s.alive() {
		if n.service.Pending() > 0 || s.behind(n) {
			return false
		}
	}
	return len(s.calls) == 0
}

func (s *sim) behind(n *simNode) bool {
	info, err := s.log.Info(context.Background())
	if err != nil {
		s.t.Fatal(err)
	}
	seq, _ := n.table.reached()
	return seq < info.Last
}

// step lets one thing happen, or time pass if there is nothing.
func (s *sim) step() {
	s.mu.Lock()
	calls, lagging := s.due(), s.lagging()
	i, n := 0, len(calls)+len(lagging)
	if n > 0 {
		i = s.random.IntN(n + 1)
	}
	switch {
	case n == 0:
		s.mu.Unlock()
		time.Sleep(tick)
		return
	case i < len(calls):
		s.calls = slices.DeleteFunc(s.calls, func(c *call) bool { return c == calls[i] })
		s.carryOut(calls[i])
	case i < n:
		t := lagging[i-len(calls)].table
		seq, _ := t.reached()
		t.fold(context.Background(), seq+1+events.Seq(s.random.IntN(3)))
	default:
		s.upset()
	}
	s.mu.Unlock()
}

// due lists the calls that may be carried out now, in an order that is the same
// in every run.
func (s *sim) due() (calls []*call) {
	for _, c := range s.calls {
		if !time.Now().Before(c.due) {
			calls = append(calls, c)
		}
	}
	slices.SortStableFunc(calls, func(a, b *call) int { return strings.Compare(a.key, b.key) })
	return calls
}

func (s *sim) lagging() (nodes []*simNode) {
	for _, n := range s.alive() {
		if s.behind(n) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// upset cuts connectors off and joins them again, and ends and renews leases.
func (s *sim) upset() {
	alive := s.alive()
	n := alive[s.random.IntN(len(alive))]
	switch {
	case s.dice(10):
		n.cut = !n.cut
	case s.dice(1):
		s.lose(n)
	}
}

// lose ends a lease. Another connector reaps, and the same one starts again.
func (s *sim) lose(n *simNode) {
	n.fenced, n.cut = true, false
	close(n.lease)
	s.start(n.connector.Name)
	fresh := s.nodes[len(s.nodes)-1]
	s.running.Go(func() { fresh.service.Run(s.ctx) })
	s.left++
	s.work(func() { s.reap(fresh, n.connector) })
}

// reap ends what a lost connector held, from another's table as it is. If that
// connector is lost as well, reapAll does it.
func (s *sim) reap(by *simNode, lost events.Incarnation) {
	for range 100 {
		if s.turn(by, "the reaper of "+lost.String()); by.fenced {
			return
		}
		ctx, stop := s.deadline()
		_, err := by.service.Reap(ctx, by.table, lost)
		stop()
		if err == nil && !by.cut {
			return
		}
		time.Sleep(time.Second)
	}
}

// reapAll is the look for sessions that were missed, when all tables are up to date.
func (s *sim) reapAll() {
	by := s.alive()[0]
	for _, n := range s.nodes {
		if n.fenced {
			s.left++
			s.work(func() { s.reap(by, n.connector) })
		}
	}
}

// deadline bounds a command by a time that no other ends at: what happens at
// one instant has no order that a seed could repeat.
func (s *sim) deadline() (context.Context, context.CancelFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	return context.WithTimeout(s.ctx, 18*tick+time.Duration(1+s.asked%900)*time.Microsecond)
}

// turn waits for the scheduler, so that one goroutine goes on at a time.
func (s *sim) turn(n *simNode, who string) {
	s.wait(s.ctx, &call{key: "turn of " + who, node: n}, nil)
}

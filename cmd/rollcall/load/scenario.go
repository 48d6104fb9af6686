package load

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"time"
)

// A Load says how much of everything. All fields are at least 1, Settle may be
// zero.
type Load struct {
	Logins    int           // of one round of login
	Workers   int           // that log in and out at the same time in churn
	Pairs     int           // of users, one of whom writes to the other
	Window    int           // stanzas that a sender may have on their way
	Rate      int           // messages a second of latency, over all pairs
	Contacts  int           // that see one user's presence
	Resources int           // of one user that get roster pushes
	Sessions  int           // that are idle
	Time      time.Duration // of one round, but for login and idle
	Settle    time.Duration // before the memory of idle sessions is read
	Patience  time.Duration // with the last deliveries of a round
}

// DefaultLoad is the load of the project's own comparisons.
func DefaultLoad() Load {
	return Load{
		Logins: 500, Workers: 32, Pairs: 50, Window: 100, Rate: 1000, Contacts: 500,
		Resources: 50, Sessions: 10_000, Time: 4 * time.Second, Settle: 10 * time.Second, Patience: 15 * time.Second,
	}
}

// A Round is what one round of a scenario measured. Fields that a scenario
// says nothing about are zero.
type Round struct {
	Count     int             // operations: see Scenario.Unit
	Elapsed   time.Duration   // that they took together
	Latencies []time.Duration // of single ones
	CPU       time.Duration   // that the server's processes used meanwhile
	Memory    int64           // bytes that the server's processes have more than before
	Resident  int64           // bytes that they have
}

// A Scenario is one thing to measure.
type Scenario struct {
	Name string
	Unit string // what is counted
	Help string
	run  func(context.Context, *Server, *Load) (*Round, error)
	// users are the accounts that it logs in to.
	users func(*Load) iter.Seq[string]
}

// Scenarios lists all, in the order in which they run.
func Scenarios() []Scenario {
	return []Scenario{
		{"login", "logins", "log in to fully online, and stay", logins, func(l *Load) iter.Seq[string] { return users(l.Logins) }},
		{"churn", "cycles", "log in and out, again and again", churn, func(l *Load) iter.Seq[string] { return users(l.Workers) }},
		{"message", "messages", "pairs write as fast as the window lets them", messages, func(l *Load) iter.Seq[string] { return users(2 * l.Pairs) }},
		{"latency", "messages", "pairs write at a fixed rate", latency, func(l *Load) iter.Seq[string] { return users(2 * l.Pairs) }},
		{"presence", "deliveries", "one user's presence to all contacts", presence, circle},
		{"push", "deliveries", "roster pushes to all of one user's resources", push, func(*Load) iter.Seq[string] { return one(owner) }},
		{"idle", "sessions", "memory of sessions that do nothing", idle, func(l *Load) iter.Seq[string] { return users(l.Sessions) }},
	}
}

// Run carries out one round. The accounts exist. It fails if anything that was
// sent does not arrive.
func (sc *Scenario) Run(ctx context.Context, s *Server, l *Load) (*Round, error) {
	r, err := sc.run(ctx, s, l)
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", sc.Name, s.Name, err)
	}
	return r, nil
}

// Users lists the names of the accounts that scenarios log in to, each once.
func Users(list []Scenario, l *Load) []string {
	var all []string
	for _, sc := range list {
		all = slices.AppendSeq(all, sc.users(l))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func user(i int) string { return "user" + strconv.Itoa(i) }

func users(n int) iter.Seq[string] {
	return func(yield func(string) bool) {
		for i := 0; i < n && yield(user(i)); i++ {
		}
	}
}

func one(name string) iter.Seq[string] {
	return func(yield func(string) bool) { yield(name) }
}

// measured is what do did, and what it cost the server.
func measured(s *Server, do func(*Round) error) (*Round, error) {
	r := &Round{}
	before, err := s.cpuTime()
	if err != nil {
		return nil, err
	}
	begin := time.Now()
	if err := do(r); err != nil {
		return nil, err
	}
	r.Elapsed = time.Since(begin)
	after, err := s.cpuTime()
	r.CPU = after - before
	return r, err
}

// wait waits, and fails if ctx ends first.
func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

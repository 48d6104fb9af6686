package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/load"
)

// A clientBench is what "rollcall bench c2s" was asked for.
type clientBench struct {
	con     *console
	servers []string // [NAME=]ADDR[,ADDR]...
	pids    []string // [NAME=]PID[,PID]...
	common  load.Server
	load    load.Load
	rounds  int
	asJSON  bool
	users   bool
}

func newBenchC2S(con *console) *cobra.Command {
	b := &clientBench{con: con, load: load.DefaultLoad()}
	var names []string
	long := "Log in to one server or several by the thousand and measure them in turns. Any\n" +
		"XMPP server that has the accounts will do; --users prints which. Scenarios:\n"
	for _, sc := range load.Scenarios() {
		names = append(names, sc.Name)
		long += fmt.Sprintf("\n  %-9s %s", sc.Name, sc.Help)
	}
	cmd := &cobra.Command{
		Use:   "c2s [" + strings.Join(names, "|") + "]...",
		Short: "Measure XMPP servers as their clients see them",
		Long:  long,
		Example: "  rollcall bench c2s message --server 127.0.0.1:5222 --password secret\n" +
			"  rollcall bench c2s --server a=127.0.0.1:5222 --pid a=$A \\\n" +
			"      --server b=127.0.0.1:5322 --pid b=$B --mechanism SCRAM-SHA-1",
		ValidArgs: names,
		Args:      cobra.OnlyValidArgs,
		RunE:      verb(b.run),
	}
	b.flags(cmd)
	return cmd
}

func (b *clientBench) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringArrayVar(&b.servers, "server", []string{"127.0.0.1:5222"}, "`[NAME=]ADDR` to drive; may be given again. With a\nsecond address after a comma senders use the first,\nrecipients the last")
	f.StringArrayVar(&b.pids, "pid", nil, "`[NAME=]PID` of the server, several with commas:\nshows its processor time and its memory")
	f.StringVar(&b.common.Domain, "domain", "localhost", "`DOMAIN` of the accounts")
	f.StringVar(&b.common.Password, "password", "secret", "`TEXT` for all accounts")
	f.StringVar((*string)(&b.common.Security), "tls", string(load.StartTLS), "`HOW`: none, starttls or direct")
	f.StringVar(&b.common.Mechanism, "mechanism", "SCRAM-SHA-1", "`SASL`: PLAIN, SCRAM-SHA-1 or\nSCRAM-SHA-256")
	f.IntVar(&b.rounds, "rounds", 5, "`N` rounds of each scenario, after one as long\nthat warms up; the median is shown")
	f.DurationVar(&b.load.Time, "time", b.load.Time, "length of one round")
	f.IntVar(&b.load.Logins, "logins", b.load.Logins, "users who log in, in login")
	f.IntVar(&b.load.Workers, "workers", b.load.Workers, "users who come and go, in churn")
	f.IntVar(&b.load.Pairs, "pairs", b.load.Pairs, "pairs of users, in message and latency")
	f.IntVar(&b.load.Window, "window", b.load.Window, "messages of a pair that may be on their\nway, in message")
	f.IntVar(&b.load.Rate, "rate", b.load.Rate, "messages a second, in latency")
	f.IntVar(&b.load.Contacts, "contacts", b.load.Contacts, "contacts who are online, in presence")
	f.IntVar(&b.load.Resources, "resources", b.load.Resources, "interested resources, in push")
	f.IntVar(&b.load.Sessions, "sessions", b.load.Sessions, "sessions, in idle")
	f.DurationVar(&b.load.Settle, "settle", b.load.Settle, "pause before memory is read, in idle")
	f.BoolVar(&b.asJSON, "json", false, "one JSON object a line")
	b.con.wideFlag(cmd)
	f.BoolVar(&b.users, "users", false, "only print the accounts, jid:password, as\n\"user import\" reads them")
}

func (b *clientBench) run(ctx context.Context, names []string) error {
	if err := b.validate(); err != nil {
		return err
	}
	list := slices.DeleteFunc(load.Scenarios(), func(sc load.Scenario) bool {
		return len(names) > 0 && !slices.Contains(names, sc.Name)
	})
	if b.users {
		for _, u := range load.Users(list, &b.load) {
			fmt.Fprintf(b.con.out, "%s@%s:%s\n", u, b.common.Domain, b.common.Password)
		}
		return nil
	}
	servers, err := b.targets()
	if err != nil {
		return err
	}
	keepHeapFloor() // what the clients cost takes from every server
	show := b.showTable(servers)
	if b.asJSON {
		show = b.showJSON
	}
	for _, sc := range list {
		figures, err := b.compare(ctx, &sc, servers)
		if err != nil {
			return err
		}
		if err := show(&sc, figures); err != nil {
			return err
		}
	}
	return nil
}

func (b *clientBench) validate() error {
	l := &b.load
	for _, n := range []int{b.rounds, l.Logins, l.Workers, l.Pairs, l.Window, l.Rate, l.Contacts, l.Resources, l.Sessions} {
		if n < 1 || n > 1_000_000 {
			return usagef("the numbers of bench c2s are from 1 to 1,000,000")
		}
	}
	if l.Time < time.Second || l.Settle < 0 {
		return usagef("--time is at least 1s, --settle not negative")
	}
	return nil
}

// targets are the servers that were named, with their processes.
func (b *clientBench) targets() ([]*load.Server, error) {
	var list []*load.Server
	for _, text := range b.servers {
		name, addrs := named(text)
		s := &load.Server{
			Name: name, Addrs: strings.Split(addrs, ","), Domain: b.common.Domain,
			Security: b.common.Security, Mechanism: b.common.Mechanism, Password: b.common.Password,
		}
		if err := s.Validate(); err != nil {
			return nil, usageError{err}
		}
		list = append(list, s)
	}
	for _, text := range b.pids {
		name, pids := named(text)
		i := slices.IndexFunc(list, func(s *load.Server) bool { return s.Name == name })
		if i < 0 {
			return nil, usagef("--pid %s: no --server has that name", text)
		}
		for p := range strings.SplitSeq(pids, ",") {
			pid, err := strconv.Atoi(p)
			if err != nil {
				return nil, usagef("--pid %s: %q is no process id", text, p)
			}
			list[i].PIDs = append(list[i].PIDs, pid)
		}
	}
	return list, nil
}

// named splits NAME=VALUE; without a name it is "server".
func named(text string) (name, value string) {
	if name, value, ok := strings.Cut(text, "="); ok {
		return name, value
	}
	return "server", text
}

// compare runs a scenario on all servers in turns. The first round warms up and
// does not count, but for idle, whose first round is the one that tells.
func (b *clientBench) compare(ctx context.Context, sc *load.Scenario, servers []*load.Server) ([]load.Figure, error) {
	rounds := make([][]*load.Round, len(servers))
	n := b.rounds + 1
	if sc.Name == "idle" {
		n = 1
	}
	for i := range n {
		for j, s := range servers {
			r, err := sc.Run(ctx, s, &b.load)
			if err != nil {
				return nil, err
			}
			if i > 0 || n == 1 {
				rounds[j] = append(rounds[j], r)
			}
		}
	}
	var figures []load.Figure
	for j, s := range servers {
		figures = append(figures, load.Summarize(sc, s, rounds[j]))
	}
	return figures, nil
}

// A figureView is a figure as scripts see it. Null is what is not measured there.
type figureView struct {
	Scenario string   `json:"scenario"`
	Server   string   `json:"server"`
	Rounds   int      `json:"rounds"`
	Unit     string   `json:"unit"`
	Rate     *float64 `json:"per_second"`
	P50      *float64 `json:"p50_ms"`
	P99      *float64 `json:"p99_ms"`
	CPU      *float64 `json:"cpu_us"`
	Memory   *float64 `json:"memory_bytes"`
	Resident *float64 `json:"resident_bytes"`
}

func (b *clientBench) showJSON(sc *load.Scenario, figures []load.Figure) error {
	measured := func(n float64) *float64 {
		if n == 0 {
			return nil
		}
		return &n
	}
	for _, f := range figures {
		err := b.con.printJSON(figureView{
			Scenario: f.Scenario, Server: f.Server, Rounds: f.Rounds, Unit: sc.Unit, Rate: measured(f.Rate),
			P50: measured(f.P50.Seconds() * 1e3), P99: measured(f.P99.Seconds() * 1e3), CPU: measured(f.CPU.Seconds() * 1e6),
			Memory: measured(f.Memory), Resident: measured(f.Resident),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

package bench

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/load"
)

// password is that of all accounts that are made to log in.
const password = "secret"

// slowShare: of the operations of the others this part is done by a single writer, and
// where the server syncs each message by itself; both are slow.
const slowShare = 20

// runGroupCommit measures what it costs that an acknowledged record survives a power
// failure: appends with --fsync always beside those with --fsync 1s, and beside raw
// publishing to a server that syncs each message by itself; then logins.
func (b *Bench) runGroupCommit(ctx context.Context) error {
	stations := map[string]*station{}
	for name, o := range map[string]natsd.Options{"1s": {Fsync: "1s"}, "always": {Fsync: "always"}, "each": {SyncEach: true}} {
		o.DataDir = filepath.Join(b.Data, "fsync-"+name)
		s, err := open(ctx, o)
		if err != nil {
			return err
		}
		defer s.close()
		stations[name] = s
	}
	for _, writers := range []int{b.Writers, 1} {
		if err := b.compareCommits(ctx, stations, writers); err != nil {
			return err
		}
	}
	return b.compareLogins(ctx)
}

// compareCommits has that many writers append to each of the servers in turns.
func (b *Bench) compareCommits(ctx context.Context, stations map[string]*station, writers int) error {
	appends := b.Appends
	if writers == 1 {
		appends /= slowShare
	}
	turns := []*pace{}
	for _, name := range []string{"1s", "always"} {
		list := make([]*looper, max(b.Accounts, writers))
		for i := range list {
			list[i] = newLooper(writers*10_000_000 + i)
		}
		s := stations[name]
		turns = append(turns, &pace{n: appends, turn: turn{name: name, run: func() error {
			return appendTransitions(ctx, s.bus.Log(), list, appends, writers)
		}}})
	}
	for _, name := range []string{"1s", "each"} {
		raw, n := stations[name], appends
		if name == "each" {
			n = max(b.Appends/slowShare, 1)
		}
		r, err := newRawAppender(ctx, raw, max(b.Accounts, writers), n, writers)
		if err != nil {
			return err
		}
		turns = append(turns, &pace{n: n, turn: turn{name: "raw " + name, run: func() error {
			_, err := r.run(ctx)
			return err
		}}})
	}
	for i := range b.Rounds + 1 { // the first warms up
		for _, p := range turns {
			if i == 1 {
				p.took, p.cpu = nil, nil
			}
			if err := takeTurns(1, &p.turn); err != nil {
				return err
			}
		}
	}
	what := fmt.Sprintf("append, %s, ", writersOf(writers))
	if err := b.paces(what+"--fsync 1s", turns[0], turns[2]); err != nil {
		return err
	}
	if err := b.paces(what+"always; raw syncs each", turns[1], turns[3]); err != nil {
		return err
	}
	return b.paces(what+"always beside 1s", turns[1], turns[0])
}

func writersOf(n int) string {
	if n == 1 {
		return "1 writer"
	}
	return fmt.Sprintf("%d writers", n)
}

// A pace is a turn of n operations.
type pace struct {
	turn
	n int
}

func (p *pace) rate() float64 { return float64(p.n) / middle(p.took).Seconds() }

// paces is the row of two that took turns, as of compare.
func (b *Bench) paces(what string, ours, other *pace) error {
	cpu := middle(ours.cpu).Seconds() / float64(ours.n) / (middle(other.cpu).Seconds() / float64(other.n))
	return b.Row(what, perSecond(ours.rate()), perSecond(other.rate()), fmt.Sprintf("%.2f", ours.rate()/other.rate()), fmt.Sprintf("%.2f", cpu))
}

// compareLogins has users log in to two processes of the service in turns.
func (b *Bench) compareLogins(ctx context.Context) error {
	login, l := load.Scenarios()[0], load.DefaultLoad()
	l.Logins = min(l.Logins, b.Accounts)
	var servers []*load.Server
	rounds := make([][]*load.Round, 2)
	for _, fsync := range []string{"always", "1s"} {
		s, err := b.serve(ctx, filepath.Join(b.Data, "logins-"+fsync), "--roles", "connector,projector", "--c2s", "127.0.0.1:0", "--allow-plaintext", "--login-rate", "0", "--fsync", fsync)
		if err != nil {
			return err
		}
		defer s.kill()
		if err := b.enroll(ctx, s, load.Users([]load.Scenario{login}, &l)); err != nil {
			return err
		}
		servers = append(servers, &load.Server{
			Name: fsync, Addrs: []string{s.c2s}, Domain: "localhost", Security: load.Plaintext,
			Mechanism: "SCRAM-SHA-1", Password: password, PIDs: []int{s.cmd.Process.Pid},
		})
	}
	for i := range b.Rounds + 1 { // the first warms up
		for j, s := range servers {
			r, err := login.Run(ctx, s, &l)
			if err != nil {
				return err
			}
			if i > 0 {
				rounds[j] = append(rounds[j], r)
			}
		}
	}
	always, seldom := load.Summarize(&login, servers[0], rounds[0]), load.Summarize(&login, servers[1], rounds[1])
	return b.Row("logins, --fsync always beside 1s", perSecond(always.Rate), perSecond(seldom.Rate),
		fmt.Sprintf("%.2f", always.Rate/seldom.Rate), fmt.Sprintf("%.2f", always.CPU.Seconds()/seldom.CPU.Seconds()))
}

// enroll makes the accounts.
func (b *Bench) enroll(ctx context.Context, s *served, users []string) error {
	var lines strings.Builder
	for _, u := range users {
		fmt.Fprintf(&lines, "%s@localhost:%s\n", u, password)
	}
	cmd := b.Command(ctx, "user", "import", "-", "--nats", s.url)
	cmd.Stdin = strings.NewReader(lines.String())
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("user import: %w", err)
	}
	return nil
}

package load

import (
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"
)

func smallLoad() *Load {
	return &Load{
		Logins: 10, Workers: 3, Pairs: 4, Window: 7, Rate: 500, Contacts: 12, Resources: 5, Sessions: 10,
		Time: 100 * time.Millisecond, Patience: 5 * time.Second,
	}
}

func TestEveryScenarioCountsWhatTheServerDelivers(t *testing.T) {
	t.Parallel()
	for _, sc := range Scenarios() {
		t.Run(sc.Name, func(t *testing.T) {
			t.Parallel()
			s := startToy(t, false)
			s.PIDs = []int{os.Getpid()}
			for range 2 { // the second finds subscriptions made
				if r := longEnough(t, &sc, s); r.Count == 0 || r.Elapsed <= 0 {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

// longEnough measures for twice the time until something was delivered in it: a
// busy machine may deliver nothing for a tenth of a second.
func longEnough(t *testing.T, sc *Scenario, s *Server) *Round {
	l := smallLoad()
	for {
		r, err := sc.Run(t.Context(), s, l)
		if err != nil {
			t.Fatal(err)
		}
		if l.Time *= 2; r.Count > 0 || l.Time > l.Patience {
			return r
		}
	}
}

func TestARoundFailsWhenMessagesAreLost(t *testing.T) {
	t.Parallel()
	for _, sc := range Scenarios() {
		if sc.Unit != "messages" {
			continue
		}
		s, l := startToy(t, true), smallLoad()
		l.Patience = 20 * time.Millisecond
		if _, err := sc.Run(t.Context(), s, l); err == nil {
			t.Errorf("%s: no error", sc.Name)
		}
	}
}

func TestARoundFailsWhenLoginsAreRefused(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for _, sc := range Scenarios() {
		s := &Server{Name: "nobody", Addrs: []string{l.Addr().String()}, PIDs: []int{os.Getpid()}}
		if _, err := sc.Run(t.Context(), s, smallLoad()); err == nil {
			t.Errorf("%s: no error", sc.Name)
		}
	}
}

func TestMarksAreFoundHoweverTheInputIsCut(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("<message><body>a</body></message></mess", 3) + "age><message/>"
	for size := 1; size <= len(text); size++ {
		ours, theirs := net.Pipe()
		go func() {
			defer theirs.Close()
			for rest := text; rest != ""; {
				n := min(size, len(rest))
				io.WriteString(theirs, rest[:n])
				rest = rest[n:]
			}
		}()
		found := 0
		c := client{nc: ours}
		if err := c.count("</message>", func(n int) { found += n }); err != io.EOF {
			t.Error(err)
		}
		if found != 4 {
			t.Errorf("cut every %d: found %d", size, found)
		}
	}
}

func TestUsersNameEveryAccountOnce(t *testing.T) {
	t.Parallel()
	l := smallLoad()
	all := strings.Join(Users(Scenarios(), l), " ")
	if n := strings.Count(all, " ") + 1; n != 10+1+1+12 {
		t.Errorf("%d: %s", n, all)
	}
}

func TestAFigureIsTheMedianOfItsRounds(t *testing.T) {
	t.Parallel()
	sc, s := Scenarios()[0], &Server{Name: "x"}
	var rounds []*Round
	for _, n := range []int{1, 30, 2} {
		rounds = append(rounds, &Round{
			Count: n, Elapsed: time.Second, CPU: time.Duration(n) * time.Millisecond, Memory: int64(n) * 100, Resident: 5000,
			Latencies: []time.Duration{3 * time.Duration(n), time.Duration(n), 2 * time.Duration(n)},
		})
	}
	got := Summarize(&sc, s, rounds)
	want := Figure{Scenario: "login", Server: "x", Rounds: 3, Rate: 2, P50: 4, P99: 6, CPU: time.Millisecond, Memory: 100, Resident: 5000}
	if got != want {
		t.Errorf("%+v", got)
	}
}

func TestServersThatCannotBeDrivenAreRefused(t *testing.T) {
	t.Parallel()
	good := Server{Addrs: []string{"127.0.0.1:5222"}, Domain: "localhost", Security: StartTLS, Mechanism: "SCRAM-SHA-1"}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, s := range []*Server{
		{Domain: "localhost", Security: StartTLS, Mechanism: plain},
		{Addrs: []string{"localhost"}, Domain: "localhost", Security: StartTLS, Mechanism: plain},
		{Addrs: good.Addrs, Domain: "localhost", Security: "tls", Mechanism: plain},
		{Addrs: good.Addrs, Domain: "localhost", Security: StartTLS, Mechanism: "DIGEST-MD5"},
	} {
		if err := s.Validate(); err == nil {
			t.Errorf("accepted: %s %s %s", s.Addrs, s.Security, s.Mechanism)
		}
	}
}

package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
)

// patience bounds every wait of a script.
const patience = 30 * time.Second

// A world is what one script has running.
type world struct {
	env     *testscript.Env
	servers []*bustest.Server // external ones, if any
	nodes   map[string]*process
	clients map[string]*client
}

type worldKey struct{}

func worldOf(ts *testscript.TestScript) *world { return ts.Value(worldKey{}).(*world) }

func newWorld(env *testscript.Env, servers []*bustest.Server) *world {
	return &world{env: env, servers: servers, nodes: make(map[string]*process), clients: make(map[string]*client)}
}

func (w *world) close() {
	for _, c := range w.clients {
		c.close()
	}
	for _, p := range w.nodes {
		p.cmd.Process.Kill()
		<-p.ended
	}
}

// A process is a running "rollcall up".
type process struct {
	cmd   *exec.Cmd
	out   output
	err   output
	ended chan struct{} // closed when it has
}

// output collects what a process writes and tells whoever waits for it.
type output struct {
	mu    sync.Mutex
	text  bytes.Buffer
	wrote chan struct{} // has a token after every write
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	select {
	case o.wrote <- struct{}{}:
	default:
	}
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// launch starts the rollcall command, which TestMain has put into the PATH.
func launch(env []string, dir string, args ...string) (*process, error) {
	p := &process{ended: make(chan struct{})}
	p.out.wrote, p.err.wrote = make(chan struct{}, 1), make(chan struct{}, 1)
	p.cmd = exec.Command("rollcall", args...)
	p.cmd.Env, p.cmd.Dir = env, dir
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.err
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { // ends with the process
		p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// says waits until what the process writes to o, one of its two, matches.
func (p *process) says(o *output, want *regexp.Regexp) bool {
	timeout := time.After(patience)
	for !want.MatchString(o.String()) {
		select {
		case <-o.wrote:
		case <-p.ended:
			return want.MatchString(o.String())
		case <-timeout:
			return false
		}
	}
	return true
}

var (
	xmppAddress = regexp.MustCompile(`XMPP +([0-9.:]+)`)
	serving     = regexp.MustCompile("Ctrl-C stops it")
	natsAddress = regexp.MustCompile(`NATS +((?:nats|tls)://[0-9.:]+) \(`)
)

func scriptUp(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: up NAME FLAGS...")
	}
	name, flags := args[0], args[1:]
	w := worldOf(ts)
	for _, d := range [][2]string{{"--name", name}, {"--data", name + "-data"}, {"--c2s", "127.0.0.1:0"}, {"--ws", ""}, {"--http", ""}, {"--nats-listen", "127.0.0.1:0"}} {
		given := strings.Join(flags, " ")
		if !strings.Contains(given, d[0]+" ") && !(d[0] == "--nats-listen" && strings.Contains(given, "--nats ")) {
			flags = append(flags, d[0], d[1])
		}
	}
	p, err := launch(w.env.Vars, ts.MkAbs("."), append([]string{"up"}, flags...)...)
	ts.Check(err)
	w.nodes[name] = p
	if !p.says(&p.out, serving) {
		ts.Fatalf("%s does not serve:\n%s%s", name, p.out.String(), p.err.String())
	}
	said := p.out.String()
	if m := xmppAddress.FindStringSubmatch(said); m != nil {
		ts.Setenv("C2S_"+name, m[1])
	}
	if m := httpAddress.FindStringSubmatch(said); m != nil {
		ts.Setenv("HTTP_"+name, strings.TrimPrefix(m[1], "http://"))
	}
	if m := natsAddress.FindStringSubmatch(said); m != nil {
		ts.Setenv("ROLLCALL_NATS", m[1])
		ts.Setenv("NATS_"+name, m[1][strings.Index(m[1], "://")+3:])
	}
}

func (w *world) node(ts *testscript.TestScript, args []string) *process {
	if len(args) != 1 || w.nodes[args[0]] == nil {
		ts.Fatalf("usage: halt|crash NAME of what is up")
	}
	return w.nodes[args[0]]
}

// scriptHalt is for tail as well as for up: both end properly, with code 0. Their
// output is then in NAME.out.
func scriptHalt(ts *testscript.TestScript, _ bool, args []string) {
	p := worldOf(ts).node(ts, args)
	ts.Check(p.cmd.Process.Signal(syscall.SIGTERM))
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		ts.Fatalf("not stopped within 5 s:\n%s", p.err.String())
	}
	if code := p.cmd.ProcessState.ExitCode(); code != 0 {
		ts.Fatalf("exit code %d:\n%s", code, p.err.String())
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]+".out"), []byte(p.out.String()), 0o600))
}

func scriptCrash(ts *testscript.TestScript, _ bool, args []string) {
	p := worldOf(ts).node(ts, args)
	ts.Check(p.cmd.Process.Kill())
	<-p.ended
}

func scriptAwait(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: await REGEXP COMMAND...")
	}
	want, err := regexp.Compile("(?m)" + args[0])
	ts.Check(err)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(patience); ; <-tick.C {
		cmd := exec.Command("rollcall", args[1:]...)
		cmd.Env, cmd.Dir = append(os.Environ(), "ROLLCALL_NATS="+ts.Getenv("ROLLCALL_NATS")), ts.MkAbs(".")
		said, _ := cmd.CombinedOutput()
		switch {
		case want.Match(said):
			return
		case time.Now().After(end):
			ts.Fatalf("%s never gave %q, at last:\n%s", args[1:], args[0], said)
		}
	}
}

func scriptTail(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: tail NAME ARGS...")
	}
	w := worldOf(ts)
	env := append(os.Environ(), "ROLLCALL_NATS="+ts.Getenv("ROLLCALL_NATS"))
	p, err := launch(env, ts.MkAbs("."), append([]string{"tail"}, args[1:]...)...)
	ts.Check(err)
	w.nodes[args[0]] = p
	timeout := time.After(patience)
	for !strings.Contains(p.err.String(), "following from") {
		select {
		case <-p.err.wrote:
		case <-p.ended:
			ts.Fatalf("tail has ended: %s", p.err.String())
		case <-timeout:
			ts.Fatalf("tail does not follow: %s", p.err.String())
		}
	}
}

func scriptOutput(ts *testscript.TestScript, neg bool, args []string) {
	p, want := awaited(ts, false, args)
	if neg {
		if line := want.FindString(p.out.String()); line != "" {
			ts.Fatalf("%s has said %q", args[0], line)
		}
		return
	}
	if !p.says(&p.out, want) {
		ts.Fatalf("%s never said %q, but:\n%s", args[0], want, p.out.String())
	}
}

func scriptLogged(ts *testscript.TestScript, neg bool, args []string) {
	p, want := awaited(ts, neg, args)
	if !p.says(&p.err, want) {
		ts.Fatalf("%s never logged %q, but:\n%s", args[0], want, p.err.String())
	}
}

func awaited(ts *testscript.TestScript, neg bool, args []string) (*process, *regexp.Regexp) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: output|logged NAME REGEXP")
	}
	want, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	return worldOf(ts).node(ts, args[:1]), want
}

func scriptNATS(ts *testscript.TestScript, neg bool, args []string) {
	w := worldOf(ts)
	n := -1
	if len(args) == 2 {
		n = int(args[1][0]) - '1'
	}
	if neg || n < 0 || n >= len(w.servers) {
		ts.Fatalf("usage: nats kill|start N, for one of %d servers", len(w.servers))
	}
	switch args[0] {
	case "kill":
		w.servers[n].Kill()
	case "start":
		w.servers[n].Start()
	}
}

func scriptRetain(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: retain AGE")
	}
	age, err := time.ParseDuration(args[0])
	ts.Check(err)
	ts.Check(retain(ts.Getenv("ROLLCALL_NATS"), age))
}

// retain limits the age of the log and waits until the records that are in it now
// are gone.
func retain(url string, age time.Duration) error {
	last, err := limitAge(url, age)
	if err != nil {
		return err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for ; ; <-tick.C {
		if now, err := limitAge(url, age); err != nil || now.FirstSeq > last.LastSeq {
			return err
		}
	}
}

// limitAge limits the age of the log, as an operator does by "nats stream edit",
// and says what was in it.
func limitAge(url string, age time.Duration) (state jetstream.StreamState, err error) {
	opts, err := loginOptions(url)
	if err != nil {
		return state, err
	}
	nc, err := nats.Connect(url, opts...)
	if err != nil {
		return state, err
	}
	defer nc.Close()
	js, err := jetstream.New(nc)
	if err != nil {
		return state, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	log, err := js.Stream(ctx, "RC_EV")
	if err != nil {
		return state, err
	}
	config := log.CachedInfo().Config
	config.MaxAge, config.Duplicates = age, min(config.Duplicates, age)
	_, err = js.UpdateStream(ctx, config)
	return log.CachedInfo().State, err
}

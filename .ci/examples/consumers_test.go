package examples

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A curve is what a program says of how many are online.
type curve struct {
	cmd   *exec.Cmd
	lines chan string // closed when it ends
	log   strings.Builder
}

// startCurve starts a program of docs/examples in Python that writes the curve.
func (s *service) startCurve(name, url string, env ...string) *curve {
	s.t.Helper()
	c := &curve{cmd: s.command(filepath.Join(s.bin, "python"), s.example(name), url), lines: make(chan string, 1<<16)}
	c.cmd.Env = append(c.cmd.Env, env...)
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	c.cmd.Stderr = &c.log
	s.begin(c.cmd)
	go func() { // or the program would wait for its reader
		defer close(c.lines)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			c.lines <- lines.Text()
		}
	}()
	return c
}

// begin starts a program that is killed when the test ends.
func (s *service) begin(cmd *exec.Cmd) {
	s.t.Helper()
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
}

// compare reads lines until that of the last change, and compares them with the changes
// that Go has found.
func (c *curve) compare(t *testing.T, want []count) {
	var line string
	for i, w := range want {
		line = ""
		select {
		case line = <-c.lines: // "" if it has ended
		case <-time.After(patience / 4):
		}
		text := strings.Join([]string{w.at.UTC().Format("2006-01-02T15:04:05.000000Z"), strconv.FormatUint(uint64(w.seq), 10), strconv.Itoa(w.n)}, ",")
		if line != text {
			t.Fatalf("line %d of %d is %q, and Go finds %s\n%s", i+1, len(want), line, text, c.log.String())
		}
	}
	t.Logf("%d lines, the last of them %s", len(want), line)
}

// cutAfter is how much a connection carries before it is cut, in the middle of a line.
const cutAfter = 100_000 // bytes

// cutting is a way to an address by which no connection lasts. It gives its own address.
func (s *service) cutting(to string) string {
	s.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { l.Close() })
	go func() {
		for {
			near, err := l.Accept()
			if err != nil {
				return
			}
			go carry(near, to)
		}
	}()
	return l.Addr().String()
}

func carry(near net.Conn, to string) {
	defer near.Close()
	far, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer far.Close()
	go io.Copy(far, near)
	io.CopyN(near, far, cutAfter)
}

const (
	killedAfter  = 600 // posts: each time that many have come, the program is killed
	refusedAfter = 500 // posts: one of so many is refused
)

// A webhook takes what a program posts. Now and then it refuses one, or has the program
// killed when it has taken one and not yet said so.
type webhook struct {
	posted chan end

	mu      sync.Mutex
	program *exec.Cmd
	start   func() *exec.Cmd
	n       int
	kills   int
	forgets int // posts that may come again because NATS was killed
}

// An end is that of a session.
type end struct {
	Sequence string `json:"sequence"`
	ID       string `json:"id"`
	Data     why    `json:"data"`
}

type why struct {
	Reason events.Reason `json:"reason"`
}

// startWebhook starts a program of docs/examples in Node that posts the ends of sessions.
func (s *service) startWebhook(name, url string, env ...string) *webhook {
	s.t.Helper()
	h := &webhook{posted: make(chan end, 1<<16)}
	server := httptest.NewServer(h)
	s.t.Cleanup(server.Close)
	h.start = func() *exec.Cmd {
		cmd := s.command("node", s.example(name), url, server.URL)
		cmd.Env, cmd.Stderr = append(cmd.Env, env...), os.Stderr
		if err := cmd.Start(); err != nil {
			s.t.Error(err)
		}
		return cmd
	}
	h.program = h.start()
	s.t.Cleanup(h.stop)
	return h
}

func (h *webhook) stop() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.program.Process.Kill()
	h.program.Wait()
}

// ServeHTTP implements http.Handler.
func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var e end
	if err := json.NewDecoder(r.Body).Decode(&e); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	h.n++
	switch {
	case h.n%refusedAfter == 0:
		http.Error(w, "not now", http.StatusServiceUnavailable)
		return
	case h.n%killedAfter == 0:
		h.program.Process.Kill()
		h.program.Wait()
		h.program = h.start()
		h.kills++
	}
	h.posted <- e
}

// compare reads posts until that of the last end. Each must have come, in order; and again
// only if the program was killed before it knew that it had, or NATS before it had written
// that down.
func (h *webhook) compare(t *testing.T, want []end) {
	again := 0
	for i, w := range want {
		e := h.next(t, i, len(want))
		for ; slices.Contains(want[:i], e); e = h.next(t, i, len(want)) {
			again++
		}
		if e != w {
			t.Fatalf("post %d is %+v, and Go finds %+v", i, e, w)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.kills == 0 || again < h.kills || again > h.kills+h.forgets {
		t.Errorf("it was killed %d times, and %d posts came again", h.kills, again)
	}
	t.Logf("%d posts, %d of them again; the last is %+v", h.n, again, want[len(want)-1])
}

func (h *webhook) next(t *testing.T, i, of int) end {
	t.Helper()
	select {
	case e := <-h.posted:
		return e
	case <-time.After(patience / 4):
		t.Fatalf("only %d of %d posts came", i, of)
	}
	return end{}
}

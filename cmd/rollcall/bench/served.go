package bench

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/load"
)

// What is written before a process is killed: the lives of some sessions, by as many
// writers.
const (
	comers  = 100
	comings = 20
)

// A served is a process of the service on a data directory.
type served struct {
	cmd   *exec.Cmd
	after time.Duration // from the start of the process until it served
	url   string        // of its NATS server
	key   string        // file that lets in there, if the build has such
	c2s   string        // host:port for clients; "" if it takes none
}

// serve starts one and returns when it serves.
func (b *Bench) serve(ctx context.Context, dir string, args ...string) (*served, error) {
	s, err := b.launch(ctx, append([]string{"up", "--data", dir, "--nats-listen", "127.0.0.1:0"}, args...)...)
	if err == nil {
		s.key = natsd.KeyFile(dir)
	}
	return s, err
}

// launch starts a process that says where it listens and how it is stopped.
func (b *Bench) launch(ctx context.Context, args ...string) (*served, error) {
	s := &served{cmd: b.Command(ctx, args...)}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	begun := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	for in := bufio.NewScanner(out); in.Scan(); {
		switch words := strings.Fields(in.Text()); {
		case strings.HasPrefix(in.Text(), "rollcall is up"):
			s.after = time.Since(begun)
		case len(words) > 1 && words[0] == "NATS":
			s.url = words[1]
		case len(words) > 1 && words[0] == "XMPP":
			s.c2s = words[1]
		case strings.HasPrefix(in.Text(), "Ctrl-C"):
			go io.Copy(io.Discard, out) // until the process ends
			return s, nil
		}
	}
	s.cmd.Process.Kill()
	return nil, fmt.Errorf("%s: %w", strings.Join(s.cmd.Args, " "), errors.Join(errors.New("it did not serve"), s.cmd.Wait()))
}

// resident is the process's memory when it has been left alone for that long, in
// bytes: the garbage of its start is gone by then, and the room for it given back.
func (s *served) resident(ctx context.Context, settle time.Duration) (int64, error) {
	select {
	case <-time.After(settle):
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	return load.Resident(s.cmd.Process.Pid)
}

// write has sessions come and go, so that something is written that the server has
// not put in order on disk.
func (s *served) write(ctx context.Context) error {
	config := bus.Config{URL: s.url, Name: "bench", Existing: true}
	if _, err := os.Stat(s.key); err == nil {
		config.Credentials.Seed = s.key
	}
	b, err := bus.Connect(ctx, config)
	if err != nil {
		return err
	}
	defer b.Close()
	info, err := b.Log().Info(ctx)
	if err != nil {
		return err
	}
	list := make([]*looper, comers)
	for i := range list {
		list[i] = newLooper(int(info.Last) + i) // nobody who has been there
	}
	return appendTransitions(ctx, b.Log(), list, comers*(comings*len(life)-1), comers)
}

// stop ends it in an orderly way, and kill in no way at all.
func (s *served) stop() error {
	s.cmd.Process.Signal(syscall.SIGTERM)
	return s.cmd.Wait()
}

func (s *served) kill() {
	s.cmd.Process.Kill()
	s.cmd.Wait()
}

package publisher

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// racingURL names the server of a process that this one starts to kill it.
const racingURL = "ROLLCALL_TEST_PUBLISH"

func TestMain(m *testing.M) {
	if url := os.Getenv(racingURL); url != "" {
		publishUntilKilled(url)
		return
	}
	m.Run()
}

func publishUntilKilled(url string) {
	b, err := bus.Connect(context.Background(), bus.Config{URL: url, Public: &bus.PublicLimits{MaxBytes: 64 << 20}})
	if err != nil {
		fmt.Println(err)
		return
	}
	p := New(Config{
		Log: b.Log(), Public: b.Public(), Names: names.New(b.Names(), b.Log()), Addresses: Networks,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
	fmt.Println(p.Run(context.Background()))
}

// A racer is a process that publishes, and the next one after it was killed.
type racer struct {
	w   *world
	cmd *exec.Cmd
}

func (r *racer) start() {
	r.cmd = exec.CommandContext(r.w.ctx, os.Args[0])
	r.cmd.Env = append(os.Environ(), racingURL+"="+r.w.url)
	r.cmd.Stderr = r.w
	must(r.w.t, r.cmd.Start())
}

func (r *racer) kill() {
	r.cmd.Process.Kill()
	r.cmd.Wait()
}

// race has three processes publish while others append, and kills them again and again.
func race(w *world, accounts, each, kills int, between func(kill int)) {
	var racers [3]racer
	for i := range racers {
		racers[i].w = w
		racers[i].start()
	}
	var appending sync.WaitGroup
	for i := range accounts {
		appending.Go(func() { w.append(user(i), 0, each) })
	}
	for i := range kills {
		w.passes(rand.N(events.Seq(accounts * each / kills)))
		r := &racers[rand.N(len(racers))]
		r.kill()
		between(i)
		r.start()
	}
	appending.Wait()
	w.await()
	for i := range racers {
		racers[i].kill()
	}
	w.same()
}

// passes waits until so many more events are published, or all that there are.
func (w *world) passes(n events.Seq) {
	ctx, cancel := context.WithTimeout(w.ctx, patience)
	defer cancel()
	begun, _ := w.bus.Public().State(ctx)
	for ctx.Err() == nil {
		s, err := w.bus.Public().State(ctx)
		log, _ := w.bus.Log().Info(ctx)
		if err == nil && s.Last > 0 && (s.Last >= begun.Last+n || s.Last == log.Last) {
			return
		}
		pause(ctx, time.Millisecond)
	}
	w.t.Error("nothing is published")
}

func TestProcessesThatRaceAndAreKilledPublishEachRecordOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bustest.StartServer(t).URL)
	race(w, 20, 500, 25, func(int) {})
}

func TestOnAClusterTooThoughServersAreKilled(t *testing.T) {
	t.Parallel()
	cluster := bustest.StartCluster(t, 3)
	w := newWorld(t, cluster.URL)
	race(w, 20, 200, 12, func(kill int) {
		if kill%4 == 1 {
			s := cluster.Servers[kill/4%3]
			s.Kill()
			defer s.Start()
			w.passes(10)
		}
	})
}

// All of them find out at about the same time, and one is enough.
func TestProcessesThatRaceBeginAnewWithAnotherLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bustest.StartServer(t).URL)
	w.append(user(1), 0, 100)
	var racers [3]racer
	for i := range racers {
		racers[i].w = w
		racers[i].start()
		defer racers[i].kill()
	}
	w.await()
	for range 3 {
		w.remakeLog(func(*jetstream.StreamConfig) {})
		last := w.append(user(1), 0, 100)
		w.await()
		w.append(user(1), last, 10)
		w.await()
		w.same()
	}
}

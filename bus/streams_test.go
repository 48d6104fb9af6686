package bus_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

func TestConnectingAgainChangesNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s), MaxBytes: 300 << 20, MaxAge: time.Hour})
	connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s), MaxBytes: 400 << 20, MaxAge: -1})
	_, js := raw(t, s.URL(), s.Login())
	ev, err := js.Stream(within(t), "RC_EV")
	must(t, err)
	c := ev.CachedInfo().Config
	if c.MaxBytes != 300<<20 || c.MaxAge != time.Hour || c.Replicas != 1 || c.Metadata["rollcall.shards"] != "1" {
		t.Errorf("the log is %+v", c)
	}
}

func TestAConnectionThatOnlyLooksMakesNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	looker := bus.Config{URL: s.URL(), Credentials: keyOf(s), Existing: true, MaxBytes: 300 << 20}
	if _, err := bus.Connect(within(t), looker); !errors.Is(err, bus.ErrNoStreams) {
		t.Errorf("without streams: %v", err)
	}
	_, js := raw(t, s.URL(), s.Login())
	for name := range js.StreamNames(within(t)).Name() {
		t.Errorf("stream %s was made", name)
	}
	connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s), MaxBytes: 400 << 20})
	connect(t, looker)
	ev, err := js.Stream(within(t), "RC_EV")
	must(t, err)
	if n := ev.CachedInfo().Config.MaxBytes; n != 400<<20 {
		t.Errorf("the log may have %d bytes now", n)
	}
	must(t, js.DeleteStream(within(t), "RC_KEYFRAMES"))
	if _, err := bus.Connect(within(t), looker); !errors.Is(err, bus.ErrLacksStream) || !strings.Contains(err.Error(), "RC_KEYFRAMES") {
		t.Errorf("without a stream that older versions have not: %v", err)
	}
}

func TestManyCanConnectAtOnce(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	errs := make(chan error, 8)
	for range cap(errs) {
		go func() {
			b, err := bus.Connect(within(t), bus.Config{URL: s.URL(), Credentials: keyOf(s)})
			if err == nil {
				b.Close()
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		must(t, <-errs)
	}
}

func TestAStreamThatBreaksAPromiseIsRefused(t *testing.T) {
	t.Parallel()
	for setting, change := range map[string]func(*jetstream.StreamConfig){
		"number of shards":     func(c *jetstream.StreamConfig) { c.Metadata["rollcall.shards"] = "4" },
		"deny_purge":           func(c *jetstream.StreamConfig) { c.DenyPurge = false },
		"deny_delete":          func(c *jetstream.StreamConfig) { c.DenyDelete = false },
		"allow_rollup_hdrs":    func(c *jetstream.StreamConfig) { c.AllowRollup, c.DenyPurge = true, false },
		"allow_msg_ttl":        func(c *jetstream.StreamConfig) { c.AllowMsgTTL = true },
		"allow_direct":         func(c *jetstream.StreamConfig) { c.AllowDirect = true },
		"storage":              func(c *jetstream.StreamConfig) { c.Storage, c.MaxBytes = jetstream.MemoryStorage, 1<<20 },
		"discard policy":       func(c *jetstream.StreamConfig) { c.Discard = jetstream.DiscardOld },
		"list of subjects":     func(c *jetstream.StreamConfig) { c.Subjects = []string{"rc.v1.ev.>"} },
		"max_msgs":             func(c *jetstream.StreamConfig) { c.MaxMsgs = 1000 },
		"max_msg_size":         func(c *jetstream.StreamConfig) { c.MaxMsgSize = 64 << 10 },
		"max_msgs_per_subject": func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 1 },
	} {
		t.Run(setting, func(t *testing.T) {
			t.Parallel()
			s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
			connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)}).Close()
			_, js := raw(t, s.URL(), s.Login())
			ev, err := js.Stream(within(t), "RC_EV")
			must(t, err)
			c := ev.CachedInfo().Config
			change(&c)
			must(t, js.DeleteStream(within(t), "RC_EV"))
			_, err = js.CreateStream(within(t), c)
			must(t, err)
			_, err = bus.Connect(within(t), bus.Config{URL: s.URL(), Credentials: keyOf(s)})
			if !errors.Is(err, bus.ErrMismatch) || !strings.Contains(err.Error(), "its "+setting+" is") {
				t.Errorf("connect: %v", err)
			}
		})
	}
}

func TestWhyConnectFails(t *testing.T) {
	t.Parallel()
	small := serve(t, natsd.Options{Listen: "127.0.0.1:0", MaxStore: 1 << 30})
	for name, test := range map[string]struct {
		config bus.Config
		want   string
	}{
		"no server": {bus.Config{URL: "nats://127.0.0.1:1"}, "NATS can't be reached at nats://127.0.0.1:1"},
		"no space":  {bus.Config{URL: small.URL(), Credentials: keyOf(small), MaxBytes: 2 << 30}, "can't reserve 2048 MiB"},
		"cluster":   {bus.Config{URL: small.URL(), Credentials: keyOf(small), MaxBytes: 1 << 20, Replicas: 3}, "replicas"},
	} {
		ctx, cancel := context.WithTimeout(within(t), 3*time.Second)
		_, err := bus.Connect(ctx, test.config)
		cancel()
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := bus.Connect(within(t), bus.Config{URL: "nats://127.0.0.1:1"}); !errors.Is(err, bus.ErrUnreachable) {
		t.Errorf("no server: %v", err)
	}
}

func TestAFullLogRefuses(t *testing.T) {
	t.Parallel()
	l := connect(t, bus.Config{InProcess: serve(t, natsd.Options{}), MaxBytes: 100 << 10}).Log()
	prev := events.Seq(0)
	for prev < 1000 {
		p, err := l.Append(within(t), record(alice, prev, strings.Repeat("x", 10<<10)))
		if errors.Is(err, events.ErrFull) {
			break
		}
		must(t, err)
		prev = p.Seq
	}
	if prev < 5 || prev > 10 {
		t.Errorf("%d records of 10 KiB fit into 100 KiB", prev)
	}
	last, err := l.Last(within(t), alice)
	if err != nil || last.Seq != prev {
		t.Errorf("last: %d, %v", last.Seq, err)
	}
}

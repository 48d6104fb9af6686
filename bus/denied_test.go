package bus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
)

// restricted is a server whose user all may do everything, and some does not what is given.
func restricted(t *testing.T, permissions string) (all, some string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "nats.conf")
	must(t, os.WriteFile(file, fmt.Appendf(nil, `authorization { users: [
		{ user: all, password: secret },
		{ user: some, password: secret, permissions: { %s } },
	] }`, permissions), 0o600))
	url := bustest.StartServer(t, "-c", file).URL
	as := func(user string) string { return strings.Replace(url, "nats://", "nats://"+user+":secret@", 1) }
	return as("all"), as("some")
}

// atOnce is far below the time of an attempt, after which there would be another error.
const atOnce = time.Second

// wantDenied checks that something is refused at once, by an error that names what is
// missing.
func wantDenied(t *testing.T, what, permission string, do func(context.Context) error) {
	t.Helper()
	begun := time.Now()
	err := do(within(t))
	took := time.Since(begun)
	denied, ok := errors.AsType[*events.DeniedError](err)
	switch {
	case !ok || !errors.Is(err, events.ErrUnavailable):
		t.Errorf("%s: %v", what, err)
	case !strings.Contains(denied.Error(), "no permission to "+permission):
		t.Errorf("%s: %v, want one to %s", what, err, permission)
	case took > atOnce:
		t.Errorf("%s: it is told after %s", what, took)
	}
}

func TestWhatNATSDoesNotPermitIsToldAtOnce(t *testing.T) {
	t.Parallel()
	all, some := restricted(t, `publish: { deny: [
		"rc.v1.ev.>", "$KV.RC_ROSTERS.>", "rc.v1.lease.>", "rc.v1.wait.>", "rc.v1.audit", "rc.v1.ask.>",
		"$JS.API.STREAM.MSG.GET.KV_RC_BLOCKED", "$JS.API.CONSUMER.MSG.NEXT.RC_AUDIT.>", "$JS.API.CONSUMER.CREATE.KV_RC_PRIVATE.>",
		"$JS.API.STREAM.UPDATE.RC_EV", "$JS.API.STREAM.SNAPSHOT.>", "$JS.API.STREAM.CREATE.RC_PUBLIC",
	] }`)
	unrestricted := connect(t, bus.Config{URL: all})
	must(t, unrestricted.Audit().Append(within(t), []byte("x")))
	put(t, unrestricted.Private(), alice, "x", 0)
	told := make(chan error, 100)
	b := connect(t, bus.Config{URL: some, AttemptTimeout: 2 * patience, OnError: func(err error) { told <- err }})
	wantDenied(t, "append", "publish to rc.v1.ev.>", func(ctx context.Context) error {
		_, err := b.Log().Append(ctx, record(alice, 0, ""))
		return err
	})
	wantDenied(t, "put", "publish to $KV.RC_ROSTERS.>", func(ctx context.Context) error {
		_, err := b.Rosters().Put(ctx, alice, nil, 0)
		return err
	})
	wantDenied(t, "acquire a lease", "publish to rc.v1.lease.>", func(ctx context.Context) error {
		_, err := b.Leases().Acquire(ctx, bus.LeaseRequest{Name: "c1", Instance: "i"})
		return err
	})
	wantDenied(t, "keep a message", "publish to rc.v1.wait.>", func(ctx context.Context) error { return b.Waiting().Store(ctx, alice, nil) })
	wantDenied(t, "put on record", "publish to rc.v1.audit", func(ctx context.Context) error { return b.Audit().Append(ctx, nil) })
	wantDenied(t, "read a document", "publish to $JS.API.STREAM.MSG.GET.KV_RC_BLOCKED", func(ctx context.Context) error {
		_, err := b.Blocked().Get(ctx, alice)
		return err
	})
	wantDenied(t, "make a consumer", "publish to $JS.API.CONSUMER.CREATE.KV_RC_PRIVATE.>", func(ctx context.Context) error {
		for _, err := range b.Private().All(ctx) {
			return err
		}
		return nil
	})
	wantDenied(t, "get from a consumer", "publish to $JS.API.CONSUMER.MSG.NEXT.RC_AUDIT.>", func(ctx context.Context) error {
		for _, err := range b.Audit().Read(ctx, time.Time{}, time.Time{}) {
			return err
		}
		return nil
	})
	wantDenied(t, "change a stream", "publish to $JS.API.STREAM.UPDATE.RC_EV", func(ctx context.Context) error {
		return b.Log().SetLimits(ctx, bus.Limits{MaxBytes: 1 << 20})
	})
	wantDenied(t, "make a stream", "publish to $JS.API.STREAM.CREATE.RC_PUBLIC", func(ctx context.Context) error {
		return b.Public().Make(ctx, "source", "full", 1)
	})
	wantDenied(t, "ask", "publish to rc.v1.ask.sessions", func(ctx context.Context) error {
		for _, err := range b.Courier().Ask(ctx, "sessions", nil) {
			return err
		}
		return nil
	})
	for ctx, n := within(t), 0; n < 11; n++ { // the operator is told beside the callers, in no order
		select {
		case <-told:
		case <-ctx.Done():
			t.Fatalf("the operator is told of %d", n)
		}
	}
}

func TestASubscriptionThatNATSDoesNotPermitIsToldAtOnce(t *testing.T) {
	t.Parallel()
	all, some := restricted(t, `subscribe: { deny: ["rc.v1.to.>", "rc.v1.ask.>", "rc.v1.probe.>", "$SRV.>"] }`)
	connect(t, bus.Config{URL: all})
	b := connect(t, bus.Config{URL: some})
	wantDenied(t, "receive", "subscribe to rc.v1.to.>", func(context.Context) error {
		_, err := b.Courier().Receive(events.Incarnation{Name: "c1", Epoch: 7}, nil)
		return err
	})
	wantDenied(t, "answer", "subscribe to rc.v1.ask.sessions", func(context.Context) error {
		_, err := b.Courier().Answer("sessions", "", nil)
		return err
	})
	wantDenied(t, "hold a lease", "subscribe to rc.v1.probe.>", func(ctx context.Context) error {
		_, err := b.Leases().Acquire(ctx, bus.LeaseRequest{Name: "c1", Instance: "i"})
		return err
	})
	wantDenied(t, "serve", "subscribe to $SRV.>", func(ctx context.Context) error { return b.Serve(ctx, "1.0.0", nil, nil) })
}

// Answers come to subjects that others may not read, and those that a user may have are told
// to its programs; with others no call would be answered.
func TestAnInboxThatNATSDoesNotPermitIsToldAtOnce(t *testing.T) {
	t.Parallel()
	all, some := restricted(t, `subscribe: { allow: ["_INBOX.some.>"] }`)
	connect(t, bus.Config{URL: all})
	connect(t, bus.Config{URL: some, Inbox: "_INBOX.some", Existing: true})
	wantDenied(t, "connect", "subscribe to _INBOX.>", func(ctx context.Context) error {
		_, err := bus.Connect(ctx, bus.Config{URL: some, Existing: true})
		return err
	})
}

func TestAMissingPermissionIsToldOfOnceAMinute(t *testing.T) {
	t.Parallel()
	all, some := restricted(t, `publish: { deny: ["rc.v1.ev.>"] }`)
	connect(t, bus.Config{URL: all})
	told := make(chan error, 100)
	b := connect(t, bus.Config{URL: some, OnError: func(err error) { told <- err }})
	for _, who := range []events.JID{alice, bob, alice} {
		if _, err := b.Log().Append(within(t), record(who, 0, "")); err == nil {
			t.Error("it is stored")
		}
	}
	if len(told) != 1 {
		t.Errorf("%d times", len(told))
	}
	if err := <-told; strings.Contains(err.Error(), "alice") {
		t.Errorf("with an account: %v", err)
	}
}

// A refusal may be told of before whoever subscribes begins to wait, and another one come
// after it.
func TestASubscriptionThatWasRefusedBeforeTheWaitIsToldOf(t *testing.T) {
	t.Parallel()
	_, some := restricted(t, `subscribe: { deny: "refused" }, publish: { deny: "other" }`)
	told := make(chan error, 100)
	b := connect(t, bus.Config{URL: some, OnError: func(err error) { told <- err }})
	wantDenied(t, "subscribe", "subscribe to refused", func(ctx context.Context) error {
		return b.Subscribing("refused", func(nc *nats.Conn) error {
			_, err := nc.SubscribeSync("refused")
			must(t, err)
			must(t, nc.Flush())
			select {
			case <-told:
			case <-ctx.Done():
				return ctx.Err()
			}
			must(t, nc.Publish("other", nil))
			return nc.Flush()
		})
	})
}

package bus_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

func TestEmbeddedKeyframesKeepTheContract(t *testing.T) {
	t.Parallel()
	bustest.TestKeyframes(t, func(t *testing.T) events.Keyframes { return embedded(t).Keyframes() })
}

var frame = events.Keyframe{Format: 1, Created: 1_700_000_000_000_000_000, Seq: 65536, At: 1_800_000_000_000_000_000}

// open is a bus beside a client that can do what a killed writer or a bad disk does.
func openFrames(t *testing.T) (*bus.Keyframes, *nats.Conn, jetstream.JetStream) {
	t.Helper()
	server := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	nc, js := raw(t, server.URL(), server.Login())
	return connect(t, bus.Config{InProcess: server}).Keyframes(), nc, js
}

// Data without a name is what a writer leaves that is killed before the last message.
func TestWhatAKilledWriterLeftIsRemovedByTheNext(t *testing.T) {
	t.Parallel()
	frames, _, js := openFrames(t)
	ctx := within(t)
	must(t, frames.Create(ctx, frame, []byte("whole")))
	for range 3 {
		_, err := js.Publish(ctx, "rc.v1.key.data.left", make([]byte, 1000))
		must(t, err)
	}
	list, err := frames.List(ctx)
	must(t, err)
	if len(list) != 1 || list[0] != frame {
		t.Errorf("half a keyframe is listed: %v", list)
	}
	release, err := frames.Claim(ctx)
	must(t, err)
	release()
	stream, err := js.Stream(ctx, "RC_KEYFRAMES")
	must(t, err)
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter("rc.v1.key.data.>"))
	must(t, err)
	if len(info.State.Subjects) != 1 {
		t.Errorf("data is left under %v", info.State.Subjects)
	}
	if got, err := frames.Read(ctx, frame); err != nil || string(got) != "whole" {
		t.Errorf("%q, %v", got, err)
	}
}

// There may be thousands of names, and a keyframe waits until it is known which data is used.
func TestClearingUpAsksNoMoreOftenTheMoreKeyframesThereAre(t *testing.T) {
	t.Parallel()
	frames, nc, js := openFrames(t)
	ctx := within(t)
	const many = 40
	for i := range many {
		k := frame
		k.Seq += events.Seq(i)
		must(t, frames.Create(ctx, k, []byte("whole")))
	}
	_, err := js.Publish(ctx, "rc.v1.key.data.left", []byte("half"))
	must(t, err)
	asked, err := nc.SubscribeSync("$JS.API.STREAM.MSG.GET.RC_KEYFRAMES")
	must(t, err)
	must(t, nc.Flush())
	release, err := frames.Claim(ctx)
	must(t, err)
	release()
	must(t, nc.Flush())
	if n, _, err := asked.Pending(); err != nil || n >= many {
		t.Errorf("%d messages were asked for one by one, %v", n, err)
	}
	stream, err := js.Stream(ctx, "RC_KEYFRAMES")
	must(t, err)
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter("rc.v1.key.data.>"))
	must(t, err)
	if n := len(info.State.Subjects); n != many || info.State.Subjects["rc.v1.key.data.left"] != 0 {
		t.Errorf("data is left under %d subjects, %d of them in use", n, many)
	}
}

func TestAKeyframeThatMissesAChunkIsDamaged(t *testing.T) {
	t.Parallel()
	frames, _, js := openFrames(t)
	ctx := within(t)
	must(t, frames.Create(ctx, frame, bytes.Repeat([]byte("x"), 700<<10)))
	stream, err := js.Stream(ctx, "RC_KEYFRAMES")
	must(t, err)
	must(t, stream.DeleteMsg(ctx, 2))
	if got, err := frames.Read(ctx, frame); !errors.Is(err, events.ErrDamaged) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	must(t, frames.Remove(ctx, frame))
	must(t, frames.Create(ctx, frame, []byte("again")))
}

func TestAWriterThatWasFrozenForTooLongNamesNothing(t *testing.T) {
	t.Parallel()
	frames, _, _ := openFrames(t)
	ctx := within(t)
	for _, frozen := range []bool{true, false} {
		err := frames.CreateAfter(ctx, frame, bytes.Repeat([]byte("x"), 700<<10), func() {
			if !frozen {
				return
			}
			release, err := frames.Claim(ctx) // another writer clears up
			must(t, err)
			release()
		})
		list, listErr := frames.List(ctx)
		must(t, listErr)
		if (err != nil) != frozen || (len(list) == 0) != frozen {
			t.Errorf("frozen: %v; %v, and there are %v", frozen, err, list)
		}
	}
}

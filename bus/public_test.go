package bus_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

const aSource = "urn:rollcall:log:RC_EV:1"

// publics are events whose body names their sequence.
func publics(from events.Seq, n int) (list []bus.PublicMessage) {
	for i := range n {
		list = append(list, bus.PublicMessage{
			Subject: bus.PublicSubject("session", "closed", "7"),
			Data:    fmt.Appendf(nil, `{"source":%q,"id":"e%d"}`, aSource, int(from)+i),
		})
	}
	return list
}

func TestThePublishedFormHasTheSequencesThatItsWriterNames(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	publishes(t, connect(t, bus.Config{InProcess: s}), s.URL(), s.Login())
}

// publishes is also for a cluster.
func publishes(t *testing.T, b *bus.Bus, url string, opts ...nats.Option) {
	ctx, p := within(t), b.Public()
	if _, err := p.State(ctx); !errors.Is(err, events.ErrNotFound) {
		t.Fatalf("before anybody has published: %v", err)
	}
	must(t, p.Make(ctx, aSource, "network", 41))
	must(t, p.Make(ctx, "urn:rollcall:log:RC_EV:2", "none", 7)) // another was faster
	state := func(want bus.PublicState) {
		t.Helper()
		want.Source, want.Addresses = aSource, "network"
		got, err := p.State(ctx)
		must(t, err)
		if want.Made = got.Made; got != want || got.Made.IsZero() {
			t.Fatalf("it is %+v, not %+v", got, want)
		}
	}
	state(bus.PublicState{First: 41, Last: 40})
	must(t, p.Publish(ctx, 41, publics(41, 300)))
	state(bus.PublicState{First: 41, Last: 340, Messages: 300})
	for _, first := range []events.Seq{1, 41, 338, 342, 1000} {
		if err := p.Publish(ctx, first, publics(first, 3)); !errors.Is(err, events.ErrConflict) {
			t.Errorf("published from %d on: %v", first, err)
		}
	}
	state(bus.PublicState{First: 41, Last: 340, Messages: 300})
	if err := p.Publish(ctx, 340, publics(340, 1)); !errors.Is(err, events.ErrConflict) {
		t.Errorf("published the last again: %v", err)
	}
	if err := p.Pass(ctx, 340, 99_999); !errors.Is(err, events.ErrConflict) {
		t.Errorf("passed over what is published: %v", err)
	}

	must(t, p.Pass(ctx, 341, 100_000))
	state(bus.PublicState{First: 100_000, Last: 99_999, LostFrom: 341, LostTo: 100_000})
	if err := p.Publish(ctx, 341, publics(341, 3)); !errors.Is(err, events.ErrConflict) {
		t.Errorf("published what was passed over: %v", err)
	}
	must(t, p.Publish(ctx, 100_000, publics(100_000, 5)))
	state(bus.PublicState{First: 100_000, Last: 100_004, Messages: 5, LostFrom: 341, LostTo: 100_000})
	if err := p.Pass(ctx, 341, 100_000); !errors.Is(err, events.ErrConflict) { // by one that comes late
		t.Errorf("passed over it again: %v", err)
	}
	state(bus.PublicState{First: 100_000, Last: 100_004, Messages: 5, LostFrom: 341, LostTo: 100_000})
	seq, source, id, err := p.Newest(ctx)
	if seq != 100_004 || source != aSource || id != "e100004" || err != nil {
		t.Errorf("the newest is %s of %s at %d, %v", id, source, seq, err)
	}
	_, js := raw(t, url, opts...)
	stream, err := js.Stream(ctx, "RC_PUBLIC")
	must(t, err)
	m, err := stream.GetMsg(ctx, 100_003)
	must(t, err)
	if m.Subject != "rc.v1.pub.session.closed.7" || string(m.Data) != string(publics(100_003, 1)[0].Data) {
		t.Errorf("%s has %s", m.Subject, m.Data)
	}
	must(t, js.DeleteStream(ctx, "RC_PUBLIC"))
	if _, err := p.State(ctx); !errors.Is(err, events.ErrNotFound) {
		t.Errorf("after its removal: %v", err)
	}
}

// One that can't come at its place takes none of those after it along.
func TestWhatFollowsAMissingEventIsNotPublished(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	ctx, p := within(t), b.Public()
	must(t, p.Make(ctx, aSource, "network", 1))
	list := publics(1, 10)
	list[4].Subject = "rc.v1.pub.nobody" // listens there
	if err := p.Publish(ctx, 1, list); err == nil {
		t.Error("all were published")
	}
	if s, err := p.State(ctx); err != nil || s.Last != 4 {
		t.Errorf("it ends at %d, %v", s.Last, err)
	}
}

func TestThePublishedFormIsAsLargeAsIsSaidOrAQuarterOfTheLog(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	_, js := raw(t, s.URL(), s.Login())
	is := func() jetstream.StreamConfig {
		t.Helper()
		stream, err := js.Stream(within(t), "RC_PUBLIC")
		must(t, err)
		return stream.CachedInfo().Config
	}
	b := connect(t, bus.Config{InProcess: s, MaxBytes: 64 << 20, Public: &bus.PublicLimits{}})
	must(t, b.Public().Make(within(t), aSource, "network", 1))
	if c := is(); c.MaxBytes != 16<<20 || c.MaxAge.Hours() != 7*24 {
		t.Errorf("it has %d bytes and %s", c.MaxBytes, c.MaxAge)
	}
	other := connect(t, bus.Config{InProcess: s, Public: &bus.PublicLimits{MaxBytes: 24 << 20}})
	must(t, other.Public().Limit(within(t)))
	must(t, b.Public().Limit(within(t))) // that says nothing
	if c := is(); c.MaxBytes != 24<<20 || c.MaxAge.Hours() != 7*24 || c.Metadata["rollcall.source"] != aSource {
		t.Errorf("then it has %d bytes and %s, %v", c.MaxBytes, c.MaxAge, c.Metadata)
	}
}

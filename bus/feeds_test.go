package bus_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// feeding is a bus whose log is published, and what a program of others has.
func feeding(t *testing.T) (*bus.Public, jetstream.Stream) {
	t.Helper()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	p := connect(t, bus.Config{InProcess: s}).Public()
	must(t, p.Make(within(t), aSource, "network", 1))
	list := publics(1, 10) // closed, but for every third
	for i := range list {
		if i%3 == 2 {
			list[i].Subject = bus.PublicSubject("presence", "presence_available", "7")
		}
	}
	must(t, p.Publish(within(t), 1, list))
	_, js := raw(t, s.URL(), s.Login())
	stream, err := js.Stream(within(t), "RC_PUBLIC")
	must(t, err)
	return p, stream
}

// fetch takes events of a feed.
func fetch(t *testing.T, stream jetstream.Stream, name string, n int) (list []jetstream.Msg) {
	t.Helper()
	c, err := stream.Consumer(within(t), name)
	must(t, err)
	batch, err := c.Fetch(n, jetstream.FetchMaxWait(patience))
	must(t, err)
	for m := range batch.Messages() {
		list = append(list, m)
	}
	if len(list) != n {
		t.Fatalf("%d events of %s came, not %d: %v", len(list), name, n, batch.Error())
	}
	return list
}

func TestAFeedTellsHowFarItsReaderIs(t *testing.T) {
	t.Parallel()
	p, stream := feeding(t)
	ctx := within(t)
	must(t, p.AddFeed(ctx, bus.Feed{Name: "all"}))
	must(t, p.AddFeed(ctx, bus.Feed{Name: "ends", From: 2, Subjects: []string{"rc.v1.pub.session.closed.*"}}))
	must(t, p.AddFeed(ctx, bus.Feed{Name: "both", From: 1, Subjects: []string{"rc.v1.pub.session.*.*", "rc.v1.pub.presence.*.*"}}))
	must(t, p.AddFeed(ctx, bus.Feed{Name: "later", From: 99}))
	of := func(name string) bus.Feed {
		t.Helper()
		all, err := p.Feeds(ctx)
		must(t, err)
		for i, f := range all {
			if i > 0 && all[i-1].Name >= f.Name {
				t.Errorf("%s comes before %s", all[i-1].Name, f.Name)
			}
			if f.Name == name {
				return f
			}
		}
		t.Fatalf("there is no %s", name)
		return bus.Feed{}
	}
	for name, pending := range map[string]uint64{"all": 10, "ends": 6, "both": 10, "later": 0} {
		f := of(name)
		if f.Pending != pending || f.Unacked != 0 || f.Sent || !f.Active.IsZero() || f.Oldest.IsZero() != (pending == 0) {
			t.Errorf("at first: %+v", f)
		}
	}
	var taken []jetstream.Msg
	for i, m := range fetch(t, stream, "ends", 4) { // 2, 4, 5, 7
		meta, err := m.Metadata()
		must(t, err)
		if want := []uint64{2, 4, 5, 7}[i]; meta.Sequence.Stream != want {
			t.Errorf("event %d came, not %d", meta.Sequence.Stream, want)
		}
		taken = append(taken, m)
	}
	must(t, taken[0].DoubleAck(ctx))
	must(t, taken[2].DoubleAck(ctx)) // not in order
	f := of("ends")
	if f.Pending != 2 || f.Unacked != 2 || !f.Sent || f.Acked != 3 || f.Delivered != 7 || time.Since(f.Active) > patience || f.From != 2 {
		t.Errorf("then: %+v", f)
	}
	at4, err := stream.GetMsg(ctx, 4)
	must(t, err)
	if !f.Oldest.Equal(at4.Time) {
		t.Errorf("the oldest is of %s, not of %s", f.Oldest, at4.Time)
	}
	must(t, p.RemoveFeed(ctx, "both"))
	if err := p.RemoveFeed(ctx, "both"); !errors.Is(err, events.ErrNotFound) {
		t.Errorf("removed again: %v", err)
	}
}

// Which of its readers' mistakes the server would let pass.
func TestAFeedLosesNothingByItself(t *testing.T) {
	t.Parallel()
	p, stream := feeding(t)
	must(t, p.AddFeed(within(t), bus.Feed{Name: "a", From: 1}))
	c, err := stream.Consumer(within(t), "a")
	must(t, err)
	is := c.CachedInfo().Config
	if is.AckPolicy != jetstream.AckExplicitPolicy || is.MaxDeliver != -1 || is.InactiveThreshold != 0 || is.AckWait != 30*time.Second || is.MemoryStorage {
		t.Errorf("it is %+v", is)
	}
}

func TestThereAreOnlySoManyFeedsAndEachHasAName(t *testing.T) {
	t.Parallel()
	ctx := within(t)
	if err := embedded(t).Public().AddFeed(ctx, bus.Feed{Name: "a", From: 1}); !errors.Is(err, events.ErrNotFound) {
		t.Errorf("where nobody publishes: %v", err)
	}
	p, _ := feeding(t)
	for _, name := range []string{"", "a.b", "a b", "a*", "ä", "a/b", "123456789012345678901234567890123"} {
		if err := p.AddFeed(ctx, bus.Feed{Name: name, From: 1}); !errors.Is(err, bus.ErrFeedName) {
			t.Errorf("%q: %v", name, err)
		}
	}
	for i := range bus.MaxFeeds {
		must(t, p.AddFeed(ctx, bus.Feed{Name: fmt.Sprint("feed-", i), From: 1}))
	}
	if err := p.AddFeed(ctx, bus.Feed{Name: "feed-0", From: 1}); !errors.Is(err, bus.ErrFeedExists) {
		t.Errorf("one of the same name: %v", err)
	}
	if err := p.AddFeed(ctx, bus.Feed{Name: "more", From: 1}); !errors.Is(err, bus.ErrTooManyFeeds) {
		t.Errorf("one more: %v", err)
	}
}

func TestFeedsAreMadeAgainWithTheStream(t *testing.T) {
	t.Parallel()
	p, stream := feeding(t)
	ctx := within(t)
	must(t, p.AddFeed(ctx, bus.Feed{Name: "ends", From: 5, Subjects: []string{"rc.v1.pub.session.closed.*"}}))
	fetch(t, stream, "ends", 2)
	was, err := p.State(ctx)
	must(t, err)
	must(t, p.Remake(ctx, was, "urn:rollcall:log:RC_EV:2", "network", 3))
	must(t, p.Publish(ctx, 3, publics(3, 2)))
	all, err := p.Feeds(ctx)
	must(t, err)
	if len(all) != 1 || all[0].Name != "ends" || all[0].Pending != 2 || all[0].From != 3 || len(all[0].Subjects) != 1 {
		t.Errorf("there are %+v", all)
	}
	s, err := p.State(ctx)
	must(t, err)
	if s.Source != "urn:rollcall:log:RC_EV:2" || s.First != 3 || s.Last != 4 {
		t.Errorf("the stream is %+v", s)
	}
}

// All publishers find out at the same time that the log is another one.
func TestNoFeedIsLostWhenSeveralMakeTheStreamAgain(t *testing.T) {
	t.Parallel()
	p := embedded(t).Public()
	ctx := within(t)
	must(t, p.Make(ctx, aSource, "network", 1))
	const feeds = 12
	for i := range feeds {
		must(t, p.AddFeed(ctx, bus.Feed{Name: fmt.Sprint("feed", i), From: 1}))
	}
	for round := range 10 {
		was, err := p.State(ctx)
		must(t, err)
		var work sync.WaitGroup
		for range 3 {
			work.Go(func() {
				if err := p.Remake(ctx, was, fmt.Sprint("urn:rollcall:log:RC_EV:", round), "network", 1); err != nil {
					t.Logf("one gives way to another: %v", err)
				}
			})
		}
		work.Wait()
		all, err := p.Feeds(ctx)
		must(t, err)
		if len(all) != feeds {
			t.Fatalf("after %d rounds there are %d feeds", round+1, len(all))
		}
	}
}

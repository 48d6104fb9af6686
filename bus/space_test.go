package bus_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

const leastStore = 24 << 20 // bytes that all streams take together at least

// reserved is what each stream reserves that reserves something.
func reserved(t *testing.T, js jetstream.JetStream) map[string]int64 {
	t.Helper()
	sizes := map[string]int64{}
	list := js.ListStreams(within(t))
	for info := range list.Info() {
		if n := info.Config.MaxBytes; n > 0 {
			sizes[info.Config.Name] = n
		}
	}
	must(t, list.Err())
	return sizes
}

// wantFit checks that the streams fit into a store, that the log has most of it, and
// that some is left for streams that reserve nothing.
func wantFit(t *testing.T, sizes map[string]int64, store int64) {
	t.Helper()
	if len(sizes) != 4 {
		t.Errorf("the streams are %v", sizes)
	}
	sum := int64(0)
	for n := range maps.Values(sizes) {
		sum += n
	}
	log := sizes["RC_EV"]
	if log < store*2/5 || store-sum < log/16 {
		t.Errorf("of %d bytes the streams take %v", store, sizes)
	}
}

func TestAllStreamsTakeLessWhereThereIsLess(t *testing.T) {
	t.Parallel()
	for _, store := range []int64{leastStore, 48 << 20, 180 << 20, 1 << 30, 4 << 30, 16 << 30} {
		t.Run(fmt.Sprint(store>>20), func(t *testing.T) {
			t.Parallel()
			s := serve(t, natsd.Options{Listen: "127.0.0.1:0", MaxStore: store})
			connect(t, bus.Config{InProcess: s})
			_, js := raw(t, s.URL(), s.Login())
			wantFit(t, reserved(t, js), store)
		})
	}
}

// Whoever publishes keeps room for that, too; a log that was made without has left some.
func TestWhatIsPublishedHasRoomBesideTheOthers(t *testing.T) {
	t.Parallel()
	for _, store := range []int64{leastStore + 4<<20, 48 << 20, 1 << 30, 16 << 30} {
		for _, kept := range []bool{true, false} {
			t.Run(fmt.Sprint(store>>20, kept), func(t *testing.T) {
				t.Parallel()
				s := serve(t, natsd.Options{Listen: "127.0.0.1:0", MaxStore: store})
				cfg := bus.Config{InProcess: s}
				if kept {
					cfg.Public = &bus.PublicLimits{}
				}
				must(t, connect(t, cfg).Public().Make(within(t), aSource, "network", 1))
				_, js := raw(t, s.URL(), s.Login())
				sizes := reserved(t, js)
				public, log := sizes["RC_PUBLIC"], sizes["RC_EV"]
				delete(sizes, "RC_PUBLIC")
				left := store - public
				for _, n := range sizes {
					left -= n
				}
				if kept {
					wantFit(t, sizes, store-public)
				}
				if public > log/4 || kept && public != log/4 || public < 2<<20 {
					t.Errorf("of %d it has %d beside a log of %d", store, public, log)
				}
				if left < log/32 && public > 2<<20 {
					t.Errorf("of %d it leaves %d beside a log of %d", store, left, log)
				}
			})
		}
	}
}

func TestWhatIsPublishedIsAsLargeAsIsSaidOrNotAtAll(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{MaxStore: 64 << 20})
	connect(t, bus.Config{InProcess: s})
	b := connect(t, bus.Config{InProcess: s, Public: &bus.PublicLimits{MaxBytes: 100 << 20}})
	if err := b.Public().Make(within(t), aSource, "network", 1); !errors.Is(err, bus.ErrNoSpace) || !strings.Contains(err.Error(), "100 MiB") {
		t.Errorf("it is made: %v", err)
	}
	if _, err := b.Public().State(within(t)); !errors.Is(err, events.ErrNotFound) {
		t.Errorf("then there is: %v", err)
	}
}

func TestAllStreamsAreAsLargeAsTheyShouldBeWhereThereIsRoom(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0", MaxStore: 17 << 30})
	connect(t, bus.Config{InProcess: s})
	_, js := raw(t, s.URL(), s.Login())
	want := map[string]int64{"RC_EV": 16 << 30, "RC_PRE": 128 << 20, "RC_WAITING": 256 << 20, "RC_LEASE": 16 << 20}
	if got := reserved(t, js); !maps.Equal(got, want) {
		t.Errorf("they are %v", got)
	}
}

func TestAStoreThatIsTooSmallIsRefusedInOneLine(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0", MaxStore: leastStore - 1})
	_, err := bus.Connect(within(t), bus.Config{InProcess: s})
	if !errors.Is(err, bus.ErrNoSpace) || !strings.Contains(err.Error(), "can't reserve 24 MiB, and all streams together take no less") {
		t.Errorf("connect: %v", err)
	}
}

// The size of the log may be given; then the others take what is left.
func TestTheOthersTakeWhatALogOfAGivenSizeLeaves(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0", MaxStore: 128 << 20})
	connect(t, bus.Config{InProcess: s, MaxBytes: 100 << 20})
	_, js := raw(t, s.URL(), s.Login())
	sizes := reserved(t, js)
	if sizes["RC_EV"] != 100<<20 || len(sizes) != 4 {
		t.Errorf("the streams are %v", sizes)
	}
}

// The process that makes the streams may be killed after the first of them.
func TestStreamsThatWereMadeHalfAreCompleted(t *testing.T) {
	t.Parallel()
	const store = 100 << 20
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0", MaxStore: store})
	connect(t, bus.Config{InProcess: s}).Close()
	_, js := raw(t, s.URL(), s.Login())
	sizes := reserved(t, js)
	ev, err := js.Stream(within(t), "RC_EV")
	must(t, err)
	c := ev.CachedInfo().Config
	for name := range sizes {
		must(t, js.DeleteStream(within(t), name))
	}
	c.Metadata["rollcall.max_bytes"] = fmt.Sprint(c.MaxBytes)
	c.MaxBytes = store
	_, err = js.CreateStream(within(t), c)
	must(t, err)

	connect(t, bus.Config{InProcess: s})
	if got := reserved(t, js); !maps.Equal(got, sizes) {
		t.Errorf("the streams are %v, and were %v", got, sizes)
	}
}

// In a cluster it is the leader that refuses, for a lack of servers with room.
func TestAllStreamsTakeLessOnAClusterWithLess(t *testing.T) {
	t.Parallel()
	const store = 192 << 20
	config := filepath.Join(t.TempDir(), "nats.conf")
	must(t, os.WriteFile(config, fmt.Appendf(nil, "jetstream { max_file_store: %d }", store), 0o600))
	cluster := bustest.StartCluster(t, 3, "-c", config)
	connect(t, bus.Config{URL: cluster.URL})
	_, js := raw(t, cluster.URL)
	wantFit(t, reserved(t, js), store)
	ev, err := js.Stream(within(t), "RC_EV")
	must(t, err)
	if n := ev.CachedInfo().Config.Replicas; n != 3 {
		t.Errorf("%d replicas", n)
	}

	l := connect(t, bus.Config{URL: cluster.URL}).Log()
	if err := l.SetLimits(within(t), bus.Limits{MaxBytes: store}); !errors.Is(err, bus.ErrNoSpace) {
		t.Errorf("more than there is: %v", err)
	}
	must(t, l.SetLimits(within(t), bus.Limits{MaxBytes: 100 << 10}))
	fillUp(t, l)
	must(t, l.SetLimits(within(t), bus.Limits{MaxBytes: 200 << 10}))
	last, err := l.Last(within(t), alice)
	must(t, err)
	write(t, within(t), l, last.Seq)
}

// fillUp appends until the log refuses.
func fillUp(t *testing.T, l events.Log) {
	t.Helper()
	for prev := events.Seq(0); prev < 1000; {
		p, err := l.Append(within(t), record(alice, prev, strings.Repeat("x", 10<<10)))
		if errors.Is(err, events.ErrFull) {
			return
		}
		must(t, err)
		prev = p.Seq
	}
	t.Error("it takes as much as one likes")
}

// The smallest of a cluster's servers bounds what has a replica on each.
func TestAllStreamsTakeWhatTheSmallestServerOfAClusterHas(t *testing.T) {
	t.Parallel()
	const store = 200 << 20
	config := filepath.Join(t.TempDir(), "nats.conf")
	must(t, os.WriteFile(config, []byte("jetstream { max_file_store: 30GiB }"), 0o600))
	cluster := bustest.StartCluster(t, 3, "-c", config)
	cluster.Servers[2].Kill()
	must(t, os.WriteFile(config, fmt.Appendf(nil, "jetstream { max_file_store: %d }", store), 0o600))
	cluster.Servers[2].Start()
	connect(t, bus.Config{URL: cluster.URL})
	_, js := raw(t, cluster.URL)
	sizes := reserved(t, js)
	sum := int64(0)
	for _, n := range sizes {
		sum += n
	}
	if len(sizes) != 4 || sum > store || sizes["RC_EV"] < store/4 {
		t.Errorf("the streams are %v", sizes)
	}
}

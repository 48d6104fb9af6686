package bus_test

import (
	"strconv"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// Each benchmark of ours stands beside the same done with bare JetStream.

// writers is the number of appends on their way at once.
const writers = 512

func benchServer(b *testing.B) (*bus.Bus, jetstream.JetStream) {
	s := serve(b, natsd.Options{Listen: "127.0.0.1:0"})
	_, js := raw(b, s.URL(), s.Login())
	return connect(b, bus.Config{URL: s.URL(), Credentials: keyOf(s)}), js
}

// first is the first record of the account with a number.
func first(i int64) *events.Record {
	r := record(events.StoredJID("user"+strconv.FormatInt(i, 10)+"@example.org"), 0, "")
	r.Event = events.PresenceAvailable{Priority: 5, Show: "away", Stanza: "<presence><show>away</show><priority>5</priority></presence>"}
	return r
}

func BenchmarkAppend(b *testing.B) {
	ours, _ := benchServer(b)
	var n atomic.Int64
	b.SetParallelism(writers / 2)
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if _, err := ours.Log().Append(b.Context(), first(n.Add(1))); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkAppendRaw(b *testing.B) {
	_, js := benchServer(b)
	async, err := jetstream.New(js.Conn(), jetstream.WithPublishAsyncMaxPending(writers))
	must(b, err)
	b.ReportAllocs()
	for i := int64(1); b.Loop(); i++ {
		publish(b, async, i)
	}
	<-async.PublishAsyncComplete()
}

// publish is Append without a log: the same message, which nobody waits for.
func publish(b *testing.B, js jetstream.JetStream, i int64) {
	r := first(i)
	_, err := js.PublishMsgAsync(&nats.Msg{
		Subject: subject(r.Account()),
		Header:  nats.Header{jetstream.ExpectedLastSubjSeqHeader: {"0"}},
		Data:    r.Append(nil),
	}, jetstream.WithStallWait(patience))
	must(b, err)
}

// filled is a log of n records.
func filled(b *testing.B, n int64) (*bus.Bus, jetstream.JetStream) {
	ours, js := benchServer(b)
	async, err := jetstream.New(js.Conn(), jetstream.WithPublishAsyncMaxPending(4096))
	must(b, err)
	for i := range n {
		publish(b, async, i)
	}
	<-async.PublishAsyncComplete()
	return ours, js
}

const stored = 200_000

func BenchmarkFollow(b *testing.B) {
	ours, js := filled(b, stored)
	perRecord := func(b *testing.B) {
		b.ReportMetric(float64(b.N)*stored/b.Elapsed().Seconds(), "records/s")
		b.ReportMetric(0, "ns/op")
	}
	b.Run("follow", func(b *testing.B) {
		for range b.N {
			n := 0
			for _, err := range ours.Log().Follow(b.Context(), 0) {
				must(b, err)
				if n++; n == stored {
					break
				}
			}
		}
		perRecord(b)
	})
	b.Run("read", func(b *testing.B) {
		for range b.N {
			for _, err := range ours.Log().Read(b.Context(), events.Range{}) {
				must(b, err)
			}
		}
		perRecord(b)
	})
	b.Run("raw", func(b *testing.B) {
		stream, err := js.Stream(b.Context(), "RC_EV")
		must(b, err)
		for range b.N {
			ordered, err := stream.OrderedConsumer(b.Context(), jetstream.OrderedConsumerConfig{})
			must(b, err)
			done, n := make(chan struct{}), 0
			c, err := ordered.Consume(func(jetstream.Msg) {
				if n++; n == stored {
					close(done)
				}
			})
			must(b, err)
			<-done
			c.Stop()
		}
		perRecord(b)
	})
}

package publisher

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

const patience = 60 * time.Second

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// A world is a NATS server, or several, with a log.
type world struct {
	t   testing.TB
	ctx context.Context
	url string
	bus *bus.Bus
	js  jetstream.JetStream

	mu   sync.Mutex
	said bytes.Buffer // owned by mu; what publishers have logged
}

func newWorld(t testing.TB, url string) *world {
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	t.Cleanup(cancel)
	nc, err := nats.Connect(url)
	must(t, err)
	t.Cleanup(nc.Close)
	w := &world{t: t, ctx: ctx, url: url}
	w.js, err = jetstream.New(nc)
	must(t, err)
	w.bus = w.connect()
	return w
}

func (w *world) connect() *bus.Bus {
	b, err := bus.Connect(w.ctx, bus.Config{URL: w.url, Public: &bus.PublicLimits{MaxBytes: 64 << 20}, MaxBytes: 64 << 20})
	must(w.t, err)
	w.t.Cleanup(b.Close)
	return b
}

func (w *world) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.said.Write(p)
}

func (w *world) hasSaid(text string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.Contains(w.said.String(), text)
}

func (w *world) publisher(b *bus.Bus, a Addresses) *Publisher {
	return New(Config{
		Log: b.Log(), Public: b.Public(), Names: names.New(b.Names(), b.Log()), Addresses: a,
		Logger: slog.New(slog.NewTextHandler(w, nil)),
	})
}

// publish publishes in this process until the returned function is called.
func (w *world) publish() (stop func()) {
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan struct{})
	p := w.publisher(w.bus, Networks)
	go func() {
		defer close(ended)
		if err := p.Run(ctx); err != nil {
			w.t.Error(err)
		}
	}()
	return func() { cancel(); <-ended }
}

// append appends records of an account, on top of those it has.
func (w *world) append(account events.JID, prev events.Seq, n int) events.Seq {
	w.t.Helper()
	l := w.bus.Log()
	for i := range n {
		r := &events.Record{
			ID: events.NewEventID(time.Now()), JID: account, Time: time.Now().UnixNano(), Prev: prev,
			Connector: events.Incarnation{Name: "c1", Epoch: 7}, Session: events.NewSessionID(time.Now()),
			Event: events.Authenticated{Mechanism: "PLAIN", Address: "192.0.2.77:4711", Agent: fmt.Sprint(i)},
		}
		for stored := false; !stored; {
			at, err := l.Append(w.ctx, r)
			if err == nil {
				prev, stored = at.Seq, true
			} else if st, err := l.Next(w.ctx, account, r.Prev); err == nil {
				prev, stored = st.Seq, true
			} else if w.ctx.Err() != nil {
				w.t.Error(err)
				return prev
			}
		}
	}
	return prev
}

func user(n int) events.JID { return events.StoredJID(fmt.Sprintf("user%d@localhost", n)) }

// await waits until the stream has what the log has.
func (w *world) await() {
	w.t.Helper()
	for w.ctx.Err() == nil {
		s, err := w.bus.Public().State(w.ctx)
		log, other := w.bus.Log().Info(w.ctx)
		if errors.Join(err, other) == nil && s.Source == public.SourceOf(log).String() && s.Last == log.Last {
			return
		}
	}
	s, err := w.bus.Public().State(w.t.Context())
	w.t.Fatalf("the stream does not get to the log's end: %+v, %v\n%s", s, err, w.said.String())
}

// A line is a message of the stream.
type line struct {
	subject, text string
}

// patiently asks until there is an answer, which takes a while where a cluster elects.
func patiently[T any](w *world, ask func() (T, error)) T {
	w.t.Helper()
	for {
		answer, err := ask()
		if err == nil {
			return answer
		}
		if pause(w.ctx, 10*time.Millisecond); w.ctx.Err() != nil {
			w.t.Fatal(err)
		}
	}
}

// published is what the stream has. It fails while a cluster elects a leader.
func (w *world) published() (map[events.Seq]line, error) {
	s, err := w.bus.Public().State(w.ctx)
	if err != nil {
		return nil, err
	}
	stream, err := w.js.Stream(w.ctx, "RC_PUBLIC")
	if err != nil {
		return nil, err
	}
	all := make(map[events.Seq]line)
	for seq := uint64(1); seq <= uint64(s.Last); seq++ {
		m, err := stream.GetMsg(w.ctx, seq, jetstream.WithGetMsgSubject(">")) // or the next one that is there
		if err != nil {
			return nil, err // a replica may have yet to get it
		}
		seq = m.Sequence
		all[events.Seq(seq)] = line{m.Subject, string(m.Data)}
	}
	return all, nil
}

// encoded is what the log has in the published form. It fails as published does.
func (w *world) encoded() (map[events.Seq]line, error) {
	info, err := w.bus.Log().Info(w.ctx)
	if err != nil {
		return nil, err
	}
	who := names.New(w.bus.Names(), w.bus.Log())
	e := public.NewEncoder(public.SourceOf(info), public.Source{}, public.Options{Addresses: public.PrefixAddresses})
	all := make(map[events.Seq]line)
	for st, err := range w.bus.Log().Read(w.ctx, events.Range{}) {
		if err != nil {
			return nil, err
		}
		p, err := who.Of(w.ctx, st)
		if err != nil {
			return nil, err
		}
		all[st.Seq] = line{fmt.Sprintf("rc.v1.pub.session.authenticated.%d", public.Partition(st.Account())), string(e.Append(nil, st, p))}
	}
	return all, nil
}

// same checks that each record is published once, at its place, as it is encoded.
func (w *world) same() {
	w.t.Helper()
	got, want := patiently(w, w.published), patiently(w, w.encoded)
	if len(got) != len(want) {
		w.t.Errorf("%d events of %d records", len(got), len(want))
	}
	for seq, is := range want {
		if got[seq] != is {
			w.t.Fatalf("at %d there is\n%v\nnot\n%v", seq, got[seq], is)
		}
	}
}

func TestEachRecordIsPublishedAtItsPlaceAsItIsEncoded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bustest.StartServer(t).URL)
	last := w.append(user(1), 0, 700) // more than are published at once
	stop := w.publish()
	w.await()
	w.append(user(1), last, 20) // that come one by one
	w.append(user(2), 0, 1)
	w.await()
	stop()
	w.append(user(3), 0, 30) // while nobody publishes
	defer w.publish()()
	w.await()
	w.same()
	for _, is := range patiently(w, w.published) {
		if strings.Contains(is.text, "192.0.2.77") || !strings.Contains(is.text, `"address":"192.0.2.0/24"`) || strings.Contains(is.subject, "user") {
			t.Errorf("%s has %s", is.subject, is.text)
		}
	}
}

// remakeLog replaces the log by another one, as a restore does.
func (w *world) remakeLog(change func(*jetstream.StreamConfig)) {
	w.t.Helper()
	s, err := w.js.Stream(w.ctx, "RC_EV")
	must(w.t, err)
	c := s.CachedInfo().Config
	change(&c)
	must(w.t, w.js.DeleteStream(w.ctx, "RC_EV"))
	_, err = w.js.CreateStream(w.ctx, c)
	must(w.t, err)
}

func TestTheStreamIsBegunAnewWithAnotherLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bustest.StartServer(t).URL)
	w.append(user(1), 0, 50)
	stop := w.publish()
	w.await()
	stop()
	w.remakeLog(func(c *jetstream.StreamConfig) { c.FirstSeq = 20 })
	w.append(user(1), 0, 60)
	defer w.publish()()
	w.await()
	w.same()
	if !w.hasSaid("begun anew") || !w.hasSaid("the log is another one") {
		t.Errorf("nothing is said of it: %s", w.said.String())
	}
}

// A log that has lost its end gives its sequences to other records.
func TestTheStreamIsBegunAnewWhereTheLogHasOtherRecords(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bustest.StartServer(t).URL)
	w.append(user(1), 0, 5)
	info, err := w.bus.Log().Info(w.ctx)
	must(t, err)
	source := public.SourceOf(info).String()
	must(t, w.bus.Public().Make(w.ctx, source, string(Networks), 1))
	const before = "01KDYAA4HMM2GT58X4MPKAFA01"
	var list []bus.PublicMessage
	for range 5 {
		list = append(list, bus.PublicMessage{Subject: bus.PublicSubject("session", "closed", "1"), Data: fmt.Appendf(nil, `{"source":%q,"id":%q}`, source, before)})
	}
	must(t, w.bus.Public().Publish(w.ctx, 1, list))
	defer w.publish()()
	for id := before; w.ctx.Err() == nil && (id == before || id == ""); {
		_, _, id, _ = w.bus.Public().Newest(w.ctx)
	}
	w.await()
	w.same()
	if !w.hasSaid("the log has another record at 5") {
		t.Errorf("nothing is said of it: %s", w.said.String())
	}
}

func TestWhatTheLogHasLostIsTold(t *testing.T) {
	t.Parallel()
	for lost, told := range map[events.Seq]events.Seq{4: 4, mostLost: mostLost, mostLost + 1: 1, 3_000_000: 1} {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, bustest.StartServer(t).URL)
			w.remakeLog(func(c *jetstream.StreamConfig) { c.FirstSeq = uint64(lost) + 1 })
			w.append(user(1), 0, 30)
			info, err := w.bus.Log().Info(w.ctx)
			must(t, err)
			must(t, w.bus.Public().Make(w.ctx, public.SourceOf(info).String(), string(Networks), 1))
			defer w.publish()()
			w.await()
			all := patiently(w, w.published)
			for seq, is := range patiently(w, w.encoded) {
				if all[seq] != is {
					t.Fatalf("at %d there is %v", seq, all[seq])
				}
			}
			if n := events.Seq(len(all)) - 30; n != told {
				t.Errorf("%d events of what is lost", n)
			}
			type event struct {
				Type string
				Data struct{ From, To events.Seq }
			}
			for seq := lost - told + 1; seq <= lost; seq++ {
				var e event
				must(t, json.Unmarshal([]byte(cmp.Or(all[seq].text, "{}")), &e))
				from := seq
				if told == 1 {
					from = 1
				}
				if e.Type != "rollcall.log.lost.v1" || e.Data.From != from || e.Data.To != seq || all[seq].subject != "rc.v1.pub.log.lost.0" {
					t.Fatalf("at %d there is %v", seq, all[seq])
				}
			}
		})
	}
}

func TestAProcessThatPublishesOtherAddressesIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bustest.StartServer(t).URL)
	w.append(user(1), 0, 5)
	stop := w.publish()
	w.await()
	stop()
	if err := w.publisher(w.bus, Whole).Run(w.ctx); !errors.Is(err, ErrAddresses) || !strings.Contains(err.Error(), `has "network"`) {
		t.Errorf("it is told %v", err)
	}
	w.same()
}

// A gap in the middle of the log is not passed over in silence.
func TestWhatTheLogLacksInTheMiddleIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bustest.StartServer(t).URL)
	w.remakeLog(func(c *jetstream.StreamConfig) { c.DenyDelete = false })
	w.append(user(1), 0, 700)
	log, err := w.js.Stream(w.ctx, "RC_EV")
	must(t, err)
	lost := map[events.Seq]bool{5: true, 10: true, 11: true, 12: true, 600: true}
	for seq := range lost {
		must(t, log.DeleteMsg(w.ctx, uint64(seq)))
	}
	defer w.publish()()
	w.await()
	all, whole := patiently(w, w.published), patiently(w, w.encoded)
	if len(all) != 700 || len(whole) != 695 {
		t.Errorf("%d events of %d records", len(all), len(whole))
	}
	for seq, is := range all {
		if lost[seq] && is.subject != "rc.v1.pub.log.lost.0" || !lost[seq] && is != whole[seq] {
			t.Errorf("at %d there is %v", seq, is)
		}
	}
}

// Its other roles go on meanwhile.
func TestAProcessThatHasPublishedWaitsUntilItCanAgain(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	w := newWorld(t, server.URL)
	last := w.append(user(1), 0, 5)
	defer w.publish()()
	w.await()
	remove := func() {
		must(t, w.js.DeleteStream(w.ctx, "RC_PUBLIC"))
		server.AwaitRemoval("RC_PUBLIC")
	}
	info, err := w.bus.Log().Info(w.ctx)
	must(t, err)
	for w.ctx.Err() == nil && !w.hasSaid("addresses are published otherwise") {
		remove()
		must(t, w.bus.Public().Make(w.ctx, public.SourceOf(info).String(), "full", 1)) // unless it was faster
		last = w.append(user(1), last, 1)
		w.passesOr("addresses are published otherwise", last)
	}
	remove()
	w.await()
	w.same()
}

// passesOr waits until an event is published or something was logged.
func (w *world) passesOr(text string, seq events.Seq) {
	for w.ctx.Err() == nil && !w.hasSaid(text) {
		if s, err := w.bus.Public().State(w.ctx); err == nil && s.Last >= seq {
			return
		}
		pause(w.ctx, time.Millisecond)
	}
}

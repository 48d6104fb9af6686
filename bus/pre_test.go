package bus_test

import (
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

func connected(connector, address string) *events.Record {
	return &events.Record{
		ID: events.NewEventID(time.Now()), Cause: events.NewConnID(time.Now()), Time: time.Now().UnixNano(),
		Connector: events.Incarnation{Name: connector, Epoch: 3}, Event: events.Connected{Address: address},
	}
}

func TestWhatHappensBeforeAuthenticationIsKept(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	writer := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	reader := connect(t, bus.Config{InProcess: s})
	r := connected("c1", "192.0.2.1:5")
	writer.Pre().Publish(r)
	writer.Pre().Publish(connected("c.2", "192.0.2.2:5"))
	writer.Close() // sends what is under way
	if sent, dropped := writer.Pre().Stats(); sent != 2 || dropped != 0 {
		t.Errorf("%d sent, %d dropped", sent, dropped)
	}
	var got []events.Record
	for ctx := within(t); len(got) < 2 && ctx.Err() == nil; { // nothing says when they are stored
		got = nil
		for s, err := range reader.Pre().Read(within(t), time.Now().Add(-time.Minute), time.Now().Add(time.Minute)) {
			must(t, err)
			got = append(got, s.Record)
		}
	}
	if len(got) != 2 || got[0] != *r || got[1].Connector.Name != "c.2" {
		t.Errorf("read %v", got)
	}
	for s := range reader.Pre().Read(within(t), time.Now().Add(time.Minute), time.Time{}) {
		t.Errorf("read %v of the future", s)
	}
}

func TestAFloodBeforeAuthenticationBlocksNobody(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	s.Shutdown()
	const n = 20000
	for range n {
		b.Pre().Publish(connected("c1", "192.0.2.1:5"))
	}
	b.Close()
	if sent, dropped := b.Pre().Stats(); sent+dropped != n || dropped == 0 {
		t.Errorf("%d sent, %d dropped", sent, dropped)
	}
}

// Records that share a message are told apart, by all readers in the same way.
func TestRecordsOfOneMessageHavePlacesInIt(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	const n = 50
	for range n {
		b.Pre().Publish(connected("c1", "192.0.2.1:5"))
	}
	var got []events.Position
	var parts []uint32
	for ctx := within(t); len(got) < n && ctx.Err() == nil; {
		got, parts = nil, nil
		for st, err := range b.Pre().Read(ctx, time.Time{}, time.Time{}) {
			must(t, err)
			got, parts = append(got, st.Position()), append(parts, st.Part)
		}
	}
	for i := range got {
		if first := i == 0 || got[i] != got[i-1]; first != (parts[i] == 0) || !first && parts[i] != parts[i-1]+1 {
			t.Errorf("record %d is part %d of message %d", i, parts[i], got[i].Seq)
		}
	}
	info, err := b.Pre().Info(within(t))
	if err != nil || info.Stream != "RC_PRE" || info.Last != got[n-1].Seq || info.Created.IsZero() {
		t.Errorf("the stream is %+v, %v", info, err)
	}
}

// Whoever follows gets what is there from its beginning on, and then what comes, once.
func TestWhatHappensBeforeAuthenticationCanBeFollowed(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		from events.Range
		want []string
	}{
		"from a sequence": {events.Range{After: 1}, []string{"192.0.2.1:2", "192.0.2.1:3"}},
		"from a time":     {events.Range{Since: time.Now().Add(-time.Hour)}, []string{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := embedded(t)
			publishAlone(t, b, "192.0.2.1:1")
			publishAlone(t, b, "192.0.2.1:2")
			var got []string
			for st, err := range b.Pre().Follow(within(t), test.from) {
				must(t, err)
				got = append(got, st.Event.(events.Connected).Address)
				if got[len(got)-1] == "192.0.2.1:2" {
					publishAlone(t, b, "192.0.2.1:3")
				}
				if len(got) == len(test.want) {
					break
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("followed %q, want %q", got, test.want)
			}
		})
	}
}

// publishAlone publishes a record and waits until it is stored, as a message of its own.
func publishAlone(t *testing.T, b *bus.Bus, address string) {
	t.Helper()
	last := func() events.Seq {
		info, err := b.Pre().Info(within(t))
		must(t, err)
		return info.Last
	}
	before := last()
	b.Pre().Publish(connected("c1", address))
	for ctx := within(t); last() == before && ctx.Err() == nil; { // nothing says when it is stored
	}
}

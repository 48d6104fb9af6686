package main

import (
	"maps"
	"testing"
	"time"

	"rollcall/bus/bustest"
	"rollcall/events"
	"rollcall/replay"
)

func TestASessionsAddressIsThatOfItsConnectionAtTheTime(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	alice := parsed(t, "alice@localhost")
	var prev events.Seq
	add := func(id byte, e events.Event) {
		p, err := log.Append(t.Context(), &events.Record{
			ID: events.EventID{0: 1, 15: byte(prev + 1)}, Session: events.SessionID{15: id}, JID: alice, Prev: prev, Event: e,
		})
		if err != nil {
			t.Fatal(err)
		}
		prev = p.Seq
	}
	add(1, events.Authenticated{Address: "192.0.2.1:1"})
	add(2, events.Authenticated{Address: "192.0.2.2:2"})
	add(1, events.Resumed{Address: "192.0.2.3:3"})
	log.Poison(alice, []byte{0xc1})
	prev++
	add(2, events.Closed{})
	one, two := events.SessionID{15: 1}.String(), events.SessionID{15: 2}.String()
	for _, c := range []struct {
		name string
		at   replay.Moment
		want map[string]string
	}{
		{"before the resumption", replay.Moment{Seq: 2}, map[string]string{one: "192.0.2.1:1", two: "192.0.2.2:2"}},
		{"after it", replay.Moment{Seq: 3}, map[string]string{one: "192.0.2.3:3", two: "192.0.2.2:2"}},
		{"now", replay.Moment{}, map[string]string{one: "192.0.2.3:3"}},
		{"before all", replay.Moment{Time: time.Unix(1, 0)}, map[string]string{}},
	} {
		got, err := addressesOf(t.Context(), log, alice, c.at)
		if err != nil || !maps.Equal(got, c.want) {
			t.Errorf("%s: %v, %v", c.name, got, err)
		}
	}
	log.Partition(true)
	if got, err := addressesOf(t.Context(), log, alice, replay.Moment{}); err == nil {
		t.Errorf("without the log: %v", got)
	}
}

package delivery

import (
	"bytes"
	"reflect"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestAParcelIsUnpackedAsItWasPacked(t *testing.T) {
	t.Parallel()
	id := func() events.SessionID { return events.NewSessionID(time.Unix(1, 0)) }
	for _, p := range []parcel{
		{stanza: []byte{}},
		{event: true, fetch: true, bare: true, final: true, copied: true, carbon: true, lane: 1 << 63, since: Stamped, all: []events.SessionID{id()}, stanza: []byte("<message/>")},
		{hops: 3, directed: true, since: 1 << 60, after: events.Position{Stream: "RC_EV", Seq: 1 << 60}, to: []events.SessionID{id(), id()}, stanza: []byte("<message/>")},
	} {
		got, err := parseParcel(p.encode())
		if err != nil || !reflect.DeepEqual(got, p) {
			t.Errorf("got %+v, %v, want %+v", got, err, p)
		}
	}
}

func FuzzParcel(f *testing.F) {
	f.Add([]byte(nil))
	f.Add((&parcel{after: events.Position{Stream: "RC_EV", Seq: 7}, to: make([]events.SessionID, 2), stanza: []byte("<message/>")}).encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := parseParcel(b)
		if err != nil {
			return
		}
		again, err := parseParcel(p.encode())
		if err != nil || !bytes.Equal(again.encode(), p.encode()) {
			t.Errorf("%x was read as %+v, and that as %+v, %v", b, p, again, err)
		}
	})
}

package bench

import (
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// presence is a presence stanza of ordinary size: what a client with
// entity capabilities (XEP-0115) sends.
const presence = "<presence id='5dcbd7f2'><show>away</show><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.org' ver='q07IKJEyjvHSyhy//CH0CxmKi8w='/></presence>"

// A looper makes the records of one account whose client logs in, is
// there, and leaves, again and again.
type looper struct {
	bare, full events.JID
	session    events.SessionID
	at         int // of life
	prev       events.Seq
}

var connector = events.Incarnation{Name: "c1", Epoch: 1}

// life is the life of a session.
var life = []events.Event{
	events.Authenticated{Mechanism: "SCRAM-SHA-256", TLS: "TLS 1.3", Address: "127.0.0.1:50000"},
	events.Bound{Requested: "phone"},
	events.RosterRequested{},
	events.PresenceAvailable{Stanza: presence},
	events.Closed{Reason: events.ReasonClient},
}

func newLooper(i int) *looper {
	bare := fmt.Sprintf("user%07d@example.org", i)
	return &looper{bare: events.StoredJID(bare), full: events.StoredJID(bare + "/phone.12345678")}
}

// next is the session's next record; stored says where it went.
func (s *looper) next(now time.Time) *events.Record {
	if s.at == 0 {
		s.session = events.NewSessionID(now)
	}
	r := &events.Record{
		ID: events.NewEventID(now), Session: s.session, JID: s.full, Time: now.UnixNano(),
		Connector: connector, Prev: s.prev, Event: life[s.at],
	}
	if s.at == 0 {
		r.JID = s.bare
	}
	return r
}

func (s *looper) stored(seq events.Seq) {
	s.prev = seq
	s.at = (s.at + 1) % len(life)
}

func loopers(n int) []*looper {
	list := make([]*looper, n)
	for i := range list {
		list[i] = newLooper(i)
	}
	return list
}

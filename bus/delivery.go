package bus

import (
	"strings"

	"github.com/nats-io/nats.go"
)

// A delivery is a message that a consumer sent, with its places. In an ack
// subject the server writes
//
//	$JS.ACK.stream.consumer.delivered.streamSeq.consumerSeq.time.pending
//
// and in its second form two tokens more, domain and account, before the
// stream, and a random one at the end (ADR-15).
type delivery struct {
	msg     *nats.Msg
	seq     uint64 // in the stream
	place   uint64 // in the consumer, from 1 without gap
	at      int64  // Unix nanoseconds at which it was stored
	pending uint64 // messages for the consumer after this one
}

const ackPrefix = "$JS.ACK."

// parse reads the ack subject of d.msg. It reports false for anything but a
// message of the stream: a status, or junk.
func (d *delivery) parse() bool {
	rest, ok := strings.CutPrefix(d.msg.Reply, ackPrefix)
	if !ok {
		return false
	}
	skip := 3 // stream, consumer, delivered
	if strings.Count(rest, ".") >= 8 {
		skip = 5
	}
	for range skip {
		i := strings.IndexByte(rest, '.')
		if i < 0 {
			return false
		}
		rest = rest[i+1:]
	}
	var at uint64
	for _, field := range []*uint64{&d.seq, &d.place, &at, &d.pending} {
		if *field, rest, ok = cutNumber(rest); !ok {
			return false
		}
	}
	d.at = int64(at)
	return true
}

// cutNumber reads a number and the dot after it.
func cutNumber(s string) (n uint64, rest string, ok bool) {
	for i := range len(s) {
		c := s[i]
		if c == '.' {
			return n, s[i+1:], i > 0
		}
		if c < '0' || c > '9' {
			return 0, "", false
		}
		n = n*10 + uint64(c-'0')
	}
	return n, "", s != ""
}

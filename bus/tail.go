package bus

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A tail requests messages in large batches: what the server and the client
// spend on a message is then hardly more than its bytes.
const (
	maxBatch   = 16 << 10 // messages a request; two are on their way at once
	minBatch   = 64
	largeBytes = 8 << 20 // of a request that any message fits into
	heartbeat  = 500 * time.Millisecond
	silence    = 3 * heartbeat // after which the consumer is taken for dead
	pullExpiry = 30 * time.Second
	reopenMin  = 25 * time.Millisecond
	reopenMax  = 500 * time.Millisecond
)

// A tail reads a stream in order with consumers that nobody else knows and
// that keep nothing on disk. Whenever one of them is lost or skips something,
// it makes another that starts after the last message it gave. It is used by
// one goroutine, which owns all its fields.
type tail struct {
	b      *Bus
	link   *link // that it reads over
	stream string
	filter string    // one subject, "" for all
	after  uint64    // sequence of the last message given
	since  time.Time // start at this time instead, if not zero and nothing was given yet
	finite bool      // ends when there is no more up to until
	until  uint64
	began  bool // something was given
	// gaps makes the tail tell of the records that it can't give: of a stream whose
	// end is gone, for its last messages were damaged and would be waited for in
	// vain, and of one that went on without the tail and forgot what came.
	gaps bool
	// beat, if not nil, is called about as often as heartbeats come.
	beat func()

	created time.Time // of the stream when it was first seen
	end     uint64    // of the stream when the consumer was made
	lasting uint64    // up to here the stream was synced, if it has to be
	served  int       // messages that had come when that sync began and were not received yet
	name    string    // of the consumer, "" if there is none
	sub     *nats.Subscription
	msgs    chan *nats.Msg
	changed <-chan struct{} // closed when the connection was lost
	denied  <-chan error    // has one when the server refuses requests for more
	allowed func()          // ends the watch for that
	place   uint64          // of the last message in the consumer
	batch   int             // messages a request
	wanted  int             // messages requested and not yet come
	left    uint64          // messages that a finite tail needs at most, those wanted among them
	held    int             // of the link's budget
	large   bool            // the next message may not fit into a request's share
	timer   *time.Timer
	rounds  uint
}

// unbeaten is how many messages that wait already are taken without a beat.
const unbeaten = 1 << 10

// beats tells that the tail goes round.
func (t *tail) beats() {
	if t.beat != nil {
		t.beat()
	}
}

// errLost makes a tail open its next consumer.
var errLost = errors.New("the consumer is lost")

// errGone: what the stream had there can no longer be read.
var errGone = errors.New("damaged on the disk")

// errEnd: a finite tail has no more.
var errEnd = errors.New("end of the stream")

// follow gives messages until ctx ends or the stream turns out to be another.
// After an error that wraps events.ErrUnavailable it goes on.
func (t *tail) follow(ctx context.Context) iter.Seq2[delivery, error] {
	return func(yield func(delivery, error) bool) {
		t.link = t.b.first
		defer t.finish()
		reported := false
		for wait := reopenMin; ; {
			d, err := t.next(ctx)
			switch {
			case err == nil:
				reported, wait = false, reopenMin
				if d.seq > t.lasting && !t.awaitLasting(ctx, d, yield) || !yield(d, nil) {
					return
				}
				continue
			case ctx.Err() != nil, t.b.nc.IsClosed():
				return
			case errors.Is(err, errLost):
				continue
			case errors.Is(err, errGone):
				if !yield(d, err) {
					return
				}
				continue
			case errors.Is(err, events.ErrRewound):
				yield(delivery{}, err)
				return
			}
			if !reported && !yield(delivery{}, err) {
				return
			}
			reported = true
			t.pause(ctx, wait)
			wait = min(2*wait, reopenMax)
		}
	}
}

// pause waits before the next try, but no longer than until the connection
// is back. Without a connection the next try fails at once: it is made for the beat.
func (t *tail) pause(ctx context.Context, d time.Duration) {
	t.beats()
	up, changed := t.link.state()
	if up {
		changed = nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-t.b.closed:
	case <-timer.C:
	case <-changed:
	}
}

// next waits for the next message. errLost and errors that wrap
// events.ErrUnavailable may pass; events.ErrRewound may not.
func (t *tail) next(ctx context.Context) (delivery, error) {
	for {
		if t.name == "" {
			if err := t.open(ctx); err != nil {
				t.close()
				return delivery{}, err
			}
		}
		m, err := t.receive(ctx)
		if err != nil {
			t.close()
			return delivery{}, err
		}
		isServed := t.served > 0
		t.served = max(t.served-1, 0)
		d := delivery{msg: m}
		if !d.parse() {
			switch err := t.status(m); {
			case errors.Is(err, errEnd):
				if err = t.ended(ctx); err != nil && !errors.Is(err, errEnd) {
					t.close()
				}
				return delivery{}, err
			case err != nil:
				t.close()
				return delivery{}, err
			case t.gone(ctx):
				t.after, t.began = t.end, true
				return delivery{seq: t.end}, errGone
			}
			continue
		}
		if d.place != t.place+1 {
			t.close()
			return delivery{}, errLost
		}
		t.place = d.place
		if isServed {
			t.lasting = max(t.lasting, d.seq)
		}
		t.wanted--
		t.left -= min(t.left, 1)
		t.request()
		if t.began && d.seq <= t.after {
			continue
		}
		t.after, t.began = d.seq, true
		return d, nil
	}
}

// receive takes the next message off the subscription.
func (t *tail) receive(ctx context.Context) (*nats.Msg, error) {
	select {
	case m := <-t.msgs:
		if t.rounds++; t.rounds%unbeaten == 0 {
			t.beats()
		}
		return m, nil
	default:
	}
	t.beats()
	t.timer.Reset(silence)
	defer t.timer.Stop()
	select {
	case m := <-t.msgs:
		return m, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-t.b.closed:
		return nil, nats.ErrConnectionClosed
	case err := <-t.denied:
		return nil, err
	case <-t.changed:
	case <-t.timer.C:
	}
	return nil, errLost
}

// status handles what isn't a message: heartbeats and ends of requests.
func (t *tail) status(m *nats.Msg) error {
	switch m.Header.Get(statusHeader) {
	case "100": // a heartbeat: there is nothing to send
		if t.finite {
			return errEnd
		}
		return nil
	case "408", "409": // a request has ended, or the consumer has
		n, err := strconv.Atoi(m.Header.Get("Nats-Pending-Messages"))
		if err != nil {
			return errLost
		}
		left, _ := strconv.Atoi(m.Header.Get("Nats-Pending-Bytes"))
		t.large = left >= t.link.share.least
		t.wanted -= n
		t.request()
		return nil
	}
	return errLost
}

// ended returns errEnd if a finite tail has given all that it is to give, and
// errLost if there is more. The leader is asked: the consumer may be of a server
// that was away and has yet to get what it has missed, and then nothing comes.
func (t *tail) ended(ctx context.Context) error {
	from := t.after + 1
	if !t.began && !t.since.IsZero() {
		from = t.until // messages before it may be too old
	}
	if from > t.until {
		return errEnd
	}
	m, err := t.b.next(ctx, t.stream, cmp.Or(t.filter, ">"), from)
	switch {
	case errors.Is(err, events.ErrNotFound), err == nil && m.Seq > t.until:
		return errEnd
	case err != nil:
		return err
	}
	return errLost
}

// gone reports whether the stream had more messages when the consumer was made,
// none of which can be read now. It asks only while nothing comes.
func (t *tail) gone(ctx context.Context) bool {
	if !t.gaps || t.after >= t.end || len(t.msgs) > 0 {
		return false
	}
	_, err := t.b.next(ctx, t.stream, ">", t.after+1)
	return errors.Is(err, events.ErrNotFound)
}

// request asks for more when less than half as many are under way as may be. A finite
// tail asks for no more than it needs: what still came would be in others' way.
func (t *tail) request() {
	batch := t.batch
	if t.finite {
		batch = int(min(uint64(batch), t.left-min(uint64(t.wanted), t.left)))
	}
	if t.wanted > t.batch || batch == 0 {
		return
	}
	bytes := t.link.share.next(&t.held)
	if t.large { // that one alone
		batch, bytes, t.large = 1, largeBytes, false
	}
	req := fmt.Appendf(nil, `{"batch":%d,"max_bytes":%d,"expires":%d,"idle_heartbeat":%d}`,
		batch, bytes, pullExpiry, heartbeat)
	if err := t.link.nc.PublishRequest(t.nextSubject(), t.sub.Subject, req); err != nil {
		return // the connection is lost, which receive notices
	}
	t.wanted += batch
}

func (t *tail) nextSubject() string {
	return apiPrefix + "CONSUMER.MSG.NEXT." + t.stream + "." + t.name
}

// open checks that the stream is the one that was read before, and makes a
// consumer.
func (t *tail) open(ctx context.Context) error {
	up, changed := t.link.state()
	if !up {
		return fmt.Errorf("%w: not connected", events.ErrUnavailable)
	}
	t.changed = changed
	info, err := t.b.info(ctx, t.stream)
	if err != nil {
		return err
	}
	if err := t.identify(info); err != nil {
		return err
	}
	t.end = info.State.Last
	return t.consume(ctx)
}

// identify finds out whether sequences still mean what they meant: a stream that
// was made anew begins at 1 again, and one restored from an older copy ends before
// the place that was read. If the tail tells of gaps, the log must not have
// forgotten, while it was out of reach, what came next. A consumer would start all
// the same, and skip in silence.
func (t *tail) identify(info streamInfo) error {
	if t.created.IsZero() {
		t.created = info.Created
	}
	if !info.Created.Equal(t.created) {
		return fmt.Errorf("%w: stream %s was made anew at %s", events.ErrRewound, t.stream, info.Created)
	}
	if t.after > info.State.Last {
		return fmt.Errorf("%w: stream %s ends at %d, before %d", events.ErrRewound, t.stream, info.State.Last, t.after)
	}
	if t.gaps && t.after > 0 && t.after+1 < info.State.First {
		return fmt.Errorf("%w: stream %s begins at %d and has forgotten what came after %d", events.ErrRewound, t.stream, info.State.First, t.after)
	}
	return nil
}

// consume makes a consumer and the first requests to it.
func (t *tail) consume(ctx context.Context) error {
	name := nuid.Next()
	var made struct {
		Pending uint64 `json:"num_pending"`
	}
	verb := "CONSUMER.CREATE." + t.stream + "." + name
	if t.filter != "" {
		verb += "." + t.filter
	}
	request := struct {
		Stream string                   `json:"stream_name"`
		Config jetstream.ConsumerConfig `json:"config"`
	}{t.stream, t.config(name)}
	if err := t.b.api(ctx, verb, request, &made); err != nil {
		return err
	}
	t.name, t.place, t.wanted, t.served, t.batch = name, 0, 0, 0, maxBatch
	if t.finite {
		t.left = min(made.Pending, t.until-min(t.after, t.until)) + 1 // for which heartbeats tell that no more comes
		t.batch = int(min(max(t.left, minBatch), maxBatch))
	}
	t.msgs = make(chan *nats.Msg, 2*t.batch+64)
	if t.timer == nil {
		t.timer = time.NewTimer(silence)
	}
	sub, err := t.link.nc.ChanSubscribe(t.link.nc.NewInbox(), t.msgs)
	if err != nil {
		return fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	t.sub = sub
	t.denied, t.allowed = t.b.denials.channel(t.nextSubject())
	t.request()
	t.request()
	return nil
}

// config is a consumer that delivers each message once, in memory, on one server:
// what it knows is not worth more, since the tail makes another when it is lost.
// The server ends it a minute after the tail has gone without a word.
func (t *tail) config(name string) jetstream.ConsumerConfig {
	c := jetstream.ConsumerConfig{
		Name:              name,
		FilterSubject:     t.filter,
		AckPolicy:         jetstream.AckNonePolicy,
		MaxDeliver:        1,
		MemoryStorage:     true,
		Replicas:          1,
		InactiveThreshold: time.Minute,
	}
	switch {
	case !t.began && !t.since.IsZero():
		c.DeliverPolicy, c.OptStartTime = jetstream.DeliverByStartTimePolicy, &t.since
	default:
		c.DeliverPolicy, c.OptStartSeq = jetstream.DeliverByStartSequencePolicy, t.after+1
	}
	return c
}

// finish is close of a tail that opens no other consumer.
func (t *tail) finish() {
	t.close()
	t.link.share.leave(&t.held)
}

// close gives the consumer up. The server is told, but not waited for: it
// would end the consumer by itself a minute later.
func (t *tail) close() {
	if t.sub != nil {
		t.sub.Unsubscribe()
		t.allowed()
		t.sub = nil
	}
	if t.name != "" {
		t.b.nc.PublishRequest(apiPrefix+"CONSUMER.DELETE."+t.stream+"."+t.name, t.b.rpc.prefix+"0", nil)
		t.name = ""
	}
}

package bus

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Log is the log of all accounts in JetStream; see events.Log for its
// contract, to which this adds:
//
//   - Append makes one attempt. On a cluster events.ErrConflict may mean that
//     another write to the account is on its way and may still fail. So if
//     Next finds nothing after a conflict, append the same record again.
//   - Read gives a new Stored for every record, Follow the same one.
//   - While there is no connection Follow waits for it; it reports each
//     interruption that it notices once, as events.ErrUnavailable.
type Log struct {
	b    *Bus
	beat func() // called by Follow now and then; nil: nobody is
}

var _ events.Log = (*Log)(nil)

// Beating is the same log, whose Follow calls beat from its own goroutine about twice
// a second for as long as it goes round: while records come, while none do, and while
// the log can't be reached.
func (l *Log) Beating(beat func()) events.Log { return &Log{b: l.b, beat: beat} }

// Append implements events.Log.
func (l *Log) Append(ctx context.Context, r *events.Record) (events.Position, error) {
	begin := time.Now()
	at, err := l.append(ctx, r)
	l.b.appends.count(time.Since(begin), err)
	return at, err
}

func (l *Log) append(ctx context.Context, r *events.Record) (events.Position, error) {
	d := drafts.Get().(*draft)
	d.Data = r.Append(d.Data[:0])
	if len(d.Data) > events.MaxRecord {
		return events.Position{}, fmt.Errorf("append %s: %w (%d bytes)", r.Event.Kind(), events.ErrTooLarge, len(d.Data))
	}
	// No Nats-Msg-Id: the expectation already lets a repeated attempt in at most once,
	// Next tells whose record is there, and the server would keep every id in memory
	// for a while.
	d.Header[jetstream.ExpectedLastSubjSeqHeader][0] = strconv.FormatUint(uint64(r.Prev), 10)
	d.Subject = accountSubject(logPrefix, r.JID)
	seq, err := l.b.store(ctx, logStream, &d.Msg)
	if err != nil {
		return events.Position{}, fmt.Errorf("append %s: %w", r.Event.Kind(), err)
	}
	if cap(d.Data) <= draftBytes { // after an error the message may be on its way still
		drafts.Put(d)
	}
	return events.Position{Stream: logStream, Seq: events.Seq(seq)}, nil
}

// A draft is the message of an append, which is used again after its answer: to make
// header and data anew costs as much as all else that an append does here.
type draft struct{ nats.Msg }

// draftBytes is how long a record may be whose draft is kept: most are shorter.
const draftBytes = 2 << 10

var drafts = sync.Pool{New: func() any {
	return &draft{nats.Msg{
		Header: nats.Header{jetstream.ExpectedLastSubjSeqHeader: {""}},
		Data:   make([]byte, 0, 512),
	}}
}}

// Next implements events.Log.
func (l *Log) Next(ctx context.Context, account events.JID, after events.Seq) (events.Stored, error) {
	m, err := l.b.next(ctx, logStream, accountSubject(logPrefix, account), uint64(after)+1)
	if err != nil {
		return events.Stored{}, fmt.Errorf("next event of %s: %w", account.Bare(), err)
	}
	if err := l.b.settle(ctx, logStream, m.Seq); err != nil { // it tells what became of an append
		return events.Stored{}, fmt.Errorf("next event of %s: %w", account.Bare(), err)
	}
	return decodeMessage(m)
}

// Last implements events.Log.
func (l *Log) Last(ctx context.Context, account events.JID) (events.Stored, error) {
	m, err := l.b.last(ctx, logStream, accountSubject(logPrefix, account))
	if err != nil {
		return events.Stored{}, fmt.Errorf("last event of %s: %w", account.Bare(), err)
	}
	return decodeMessage(m)
}

func decodeMessage(m *message) (events.Stored, error) {
	s := events.Stored{Stream: logStream, Seq: events.Seq(m.Seq), At: m.Time.UnixNano()}
	if err := decode(&s, m.Subject, m.Data); err != nil {
		return events.Stored{}, err
	}
	return s, nil
}

// Info implements events.Log.
func (l *Log) Info(ctx context.Context) (events.Info, error) {
	return l.b.describe(ctx, logStream)
}

func (b *Bus) describe(ctx context.Context, stream string) (events.Info, error) {
	i, err := b.info(ctx, stream)
	if err != nil {
		return events.Info{}, fmt.Errorf("info of %s: %w", stream, err)
	}
	info := events.Info{
		Stream:   stream,
		Created:  i.Created,
		Now:      i.Now,
		First:    events.Seq(i.State.First),
		Last:     events.Seq(i.State.Last),
		Records:  i.State.Messages,
		Bytes:    i.State.Bytes,
		MaxBytes: uint64(max(i.Config.MaxBytes, 0)),
		MaxAge:   i.Config.MaxAge,
	}
	if i.State.Messages > 0 {
		info.FirstAt, info.LastAt = i.State.FirstTime, i.State.LastTime
	}
	return info, nil
}

// Read implements events.Log.
func (l *Log) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return l.b.read(ctx, logStream, l.filter(r.Account), r)
}

func (l *Log) filter(account events.JID) string {
	if account.IsZero() {
		return ""
	}
	return accountSubject(logPrefix, account)
}

// Follow implements events.Log.
func (l *Log) Follow(ctx context.Context, after events.Seq) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		t := &tail{b: l.b, stream: logStream, after: uint64(after), gaps: true, beat: l.beat}
		s := events.Stored{Stream: logStream}
		for d, err := range t.follow(ctx) {
			switch {
			case err == nil:
				err = d.decodeTo(&s, d.msg.Data)
			case errors.Is(err, errGone):
				err = &events.PoisonError{Stream: logStream, Seq: events.Seq(d.seq), Err: err}
			}
			if err != nil && !yield(nil, err) || err == nil && !yield(&s, nil) {
				return
			}
		}
	}
}

// streamInfo is the part of a stream's information that is used.
type streamInfo struct {
	Created time.Time `json:"created"`
	Now     time.Time `json:"ts"` // by the leader's clock
	Config  struct {
		MaxAge   time.Duration `json:"max_age"`
		MaxBytes int64         `json:"max_bytes"`
		Replicas int           `json:"num_replicas"`
	} `json:"config"`
	State struct {
		Messages  uint64            `json:"messages"`
		Bytes     uint64            `json:"bytes"`
		First     uint64            `json:"first_seq"`
		Last      uint64            `json:"last_seq"`
		FirstTime time.Time         `json:"first_ts"`
		LastTime  time.Time         `json:"last_ts"`
		Subjects  map[string]uint64 `json:"subjects"`
	} `json:"state"`
}

func (b *Bus) info(ctx context.Context, stream string) (i streamInfo, err error) {
	return i, b.api(ctx, "STREAM.INFO."+stream, struct{}{}, &i)
}

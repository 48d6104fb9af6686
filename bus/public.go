package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of the stream of the published form, unless others are given.
const (
	defaultPublicBytes = 4 << 30
	defaultPublicAge   = 7 * 24 * time.Hour
)

// Keys in the stream's metadata.
const (
	sourceKey    = "rollcall.source"    // of which log it is
	addressesKey = "rollcall.addresses" // how much of clients' addresses is in it
	lostKey      = "rollcall.lost"      // FROM-TO: what it passed over last
)

// PublicLimits are what the stream of the published form may have. Zero is the default
// when it is made, and later what it has.
type PublicLimits struct {
	MaxBytes int64         // 4 GiB, or a quarter of the log; the oldest go
	MaxAge   time.Duration // 7 days
}

// A PublicState is what the stream has at a moment.
type PublicState struct {
	Source    string     // of the log of which it is
	Addresses string     // as it was made
	First     events.Seq // that it has, or will have
	Last      events.Seq // that it had; First-1 if it never had one
	Messages  uint64
	Made      time.Time
	// LostFrom and LostTo are the sequences that it passed over last; 0: it never did.
	LostFrom, LostTo events.Seq
}

// A PublicMessage is an event in its published form.
type PublicMessage struct {
	Subject string
	Data    []byte
}

// Public keeps the published form of the log in stream RC_PUBLIC, each event under its own
// sequence of the log. Any number of processes may write: each message names its place, and
// is stored there or not at all. The stream is made when a process first publishes. Errors
// wrap those of package events. It is safe for concurrent use.
type Public struct{ b *Bus }

// PublicSubject is where events of a type, of the accounts of a partition, are published.
// "*" stands for all types of a class, or for all classes.
func PublicSubject(class, event, partition string) string {
	return publicPrefix + "." + class + "." + event + "." + partition
}

// publicConfig: the oldest goes, for the log has it; and nothing is denied, so that it can be
// made anew and parts of it be forgotten.
func publicConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        publicStream,
		Description: "Rollcall: the published form of every event, under the log's sequences",
		Subjects:    []string{publicPrefix + ".*.*.*"},
		Storage:     jetstream.FileStorage,
		Compression: jetstream.S2Compression,
		Discard:     jetstream.DiscardOld,
		MaxBytes:    defaultPublicBytes,
		MaxAge:      defaultPublicAge,
		Duplicates:  100 * time.Millisecond,
	}
}

// State tells what the stream has, or events.ErrNotFound if nobody has ever published.
func (p *Public) State(ctx context.Context) (PublicState, error) {
	have, err := p.b.streamInfo(ctx, publicStream)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		return PublicState{}, fmt.Errorf("stream %s: %w", publicStream, events.ErrNotFound)
	}
	if err != nil {
		return PublicState{}, fmt.Errorf("stream %s: %w: %w", publicStream, events.ErrUnavailable, err)
	}
	if bad := differences(have.Config, publicConfig()); len(bad) > 0 {
		return PublicState{}, fmt.Errorf("stream %s: %w: %s; remove it, and it is made anew", publicStream, ErrMismatch, strings.Join(bad, ", "))
	}
	s := PublicState{
		Source: have.Config.Metadata[sourceKey], Addresses: have.Config.Metadata[addressesKey],
		First: events.Seq(have.State.FirstSeq), Last: events.Seq(have.State.LastSeq), Messages: have.State.Msgs, Made: have.Created,
	}
	from, to, _ := strings.Cut(have.Config.Metadata[lostKey], "-")
	lostFrom, _ := strconv.ParseUint(from, 10, 64)
	lostTo, _ := strconv.ParseUint(to, 10, 64)
	s.LostFrom, s.LostTo = events.Seq(lostFrom), events.Seq(lostTo)
	return s, nil
}

// Make makes the stream for a source, with the limits of Config.Public, so that its first
// message gets a sequence. It is fine if another process did so before.
func (p *Public) Make(ctx context.Context, source, addresses string, first events.Seq) error {
	limits := p.limits()
	log, err := p.b.info(ctx, logStream)
	if err != nil {
		return fmt.Errorf("make stream %s: %w", publicStream, err)
	}
	c := publicConfig()
	c.FirstSeq = uint64(max(first, 1))
	c.Metadata = map[string]string{sourceKey: source, addressesKey: addresses}
	c.MaxBytes = publicBytes(limits, log.Config.MaxBytes)
	c.MaxAge = cmp.Or(limits.MaxAge, c.MaxAge)
	err = p.b.create(ctx, c)
	switch {
	case err == nil:
		return p.leaveRoom(ctx, c.MaxBytes)
	case apiCode(err) == codeNameInUse:
		return nil
	case errors.Is(err, ErrNoSpace), permanent(err):
		return fmt.Errorf("make stream %s: %w", publicStream, err)
	}
	return fmt.Errorf("make stream %s: %w: %w", publicStream, events.ErrUnavailable, err)
}

// leaveRoom gives back half of the space that a new stream has got, if it had to take
// less than it should have: other streams, which reserve nothing, need what is left.
func (p *Public) leaveRoom(ctx context.Context, full int64) error {
	have, err := p.b.streamInfo(ctx, publicStream)
	if err != nil {
		return fmt.Errorf("stream %s: %w: %w", publicStream, events.ErrUnavailable, err)
	}
	c := have.Config
	if c.MaxBytes >= full {
		return nil
	}
	c.MaxBytes = max(c.MaxBytes/2, leastOther)
	if err := p.b.update(ctx, c); err != nil {
		return fmt.Errorf("stream %s: %w: %w", publicStream, events.ErrUnavailable, err)
	}
	return nil
}

func (p *Public) limits() PublicLimits {
	if p.b.cfg.Public == nil {
		return PublicLimits{}
	}
	return *p.b.cfg.Public
}

// Limit gives the stream the limits of Config.Public, where they are not zero.
func (p *Public) Limit(ctx context.Context) error {
	limits := p.limits()
	have, err := p.b.streamInfo(ctx, publicStream)
	if err != nil {
		return fmt.Errorf("stream %s: %w: %w", publicStream, events.ErrUnavailable, err)
	}
	c := have.Config
	c.MaxBytes, c.MaxAge = cmp.Or(limits.MaxBytes, c.MaxBytes), cmp.Or(limits.MaxAge, c.MaxAge)
	if c.MaxBytes == have.Config.MaxBytes && c.MaxAge == have.Config.MaxAge {
		return nil
	}
	err = p.b.update(ctx, c)
	switch {
	case err == nil:
		return nil
	case noSpace(err):
		return fmt.Errorf("stream %s: %w %d MiB for it", publicStream, ErrNoSpace, c.MaxBytes>>20)
	}
	return fmt.Errorf("stream %s: %w: %w", publicStream, events.ErrUnavailable, err)
}

// remove removes the stream with all who read it.
func (p *Public) remove(ctx context.Context) error {
	err := p.b.api(ctx, "STREAM.DELETE."+publicStream, struct{}{}, &struct{}{})
	if err != nil {
		return fmt.Errorf("remove stream %s: %w", publicStream, err)
	}
	return nil
}

// Publish stores messages under consecutive sequences, each of them if the stream ends right
// before it. With an error some may be there, or still come, but only at their places, and
// none after one that is missing: State tells how far the stream is. The error wraps
// events.ErrConflict if one did not find the stream's end there, as when another process has
// published.
//
// All are on their way at once, for nothing but what a message expects decides on it.
func (p *Public) Publish(ctx context.Context, first events.Seq, messages []PublicMessage) error {
	calls := make([]*call, 0, len(messages))
	var failed error
	for i, m := range messages {
		c, err := p.b.rpc.send(&nats.Msg{Subject: m.Subject, Data: m.Data, Header: nats.Header{
			jetstream.ExpectedLastSeqHeader: {strconv.FormatUint(uint64(first)+uint64(i)-1, 10)},
		}})
		if err != nil {
			failed = err
			break
		}
		calls = append(calls, c)
	}
	for i, c := range calls {
		err := p.stored(ctx, c, first+events.Seq(i))
		failed = cmp.Or(failed, err)
	}
	if failed != nil {
		return fmt.Errorf("publish from %d: %w", first, failed)
	}
	return nil
}

// stored waits for the outcome of a message.
func (p *Public) stored(ctx context.Context, c *call, at events.Seq) error {
	answer, err := p.b.rpc.wait(ctx, c)
	if err != nil {
		return err
	}
	seq, err := parseAck(answer)
	if err == nil && events.Seq(seq) != at {
		return fmt.Errorf("%w: %d was stored at %d", events.ErrConflict, at, seq)
	}
	return err
}

// Pass empties the stream and makes it go on at a sequence, the last of those that the log
// has lost since another. Whoever comes after finds both in its state. If the stream is
// further already it stays as it is.
func (p *Public) Pass(ctx context.Context, from, to events.Seq) error {
	have, err := p.b.streamInfo(ctx, publicStream)
	if err != nil {
		return fmt.Errorf("stream %s: %w: %w", publicStream, events.ErrUnavailable, err)
	}
	if events.Seq(have.State.LastSeq) >= from {
		return fmt.Errorf("stream %s: %w: it ends at %d", publicStream, events.ErrConflict, have.State.LastSeq)
	}
	c := have.Config
	c.Metadata[lostKey] = fmt.Sprintf("%d-%d", from, to)
	if err := p.b.update(ctx, c); err != nil {
		return fmt.Errorf("stream %s: %w: %w", publicStream, events.ErrUnavailable, err)
	}
	request := struct {
		Sequence uint64 `json:"seq"`
	}{uint64(to)}
	if err := p.b.api(ctx, "STREAM.PURGE."+publicStream, request, &struct{}{}); err != nil {
		return fmt.Errorf("stream %s: pass over what the log has lost: %w", publicStream, err)
	}
	return nil
}

// Newest is the source and the id of the stream's newest event, or events.ErrNotFound.
func (p *Public) Newest(ctx context.Context) (seq events.Seq, source, id string, err error) {
	m, err := p.b.last(ctx, publicStream, publicPrefix+".>")
	if err != nil {
		return 0, "", "", fmt.Errorf("newest of %s: %w", publicStream, err)
	}
	var event struct{ Source, ID string }
	if err := json.Unmarshal(m.Data, &event); err != nil {
		return events.Seq(m.Seq), "", "", nil // nobody's who publishes the log
	}
	return events.Seq(m.Seq), event.Source, event.ID, nil
}

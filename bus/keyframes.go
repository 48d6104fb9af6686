package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"github.com/rollcall-xmpp/rollcall/events"
)

const (
	frameStream = "RC_KEYFRAMES"
	framePrefix = "rc.v1.key"
	frameData   = framePrefix + ".data." // and an upload's own token
	frameName   = framePrefix + ".name." // and format, created, seq and at
	frameClaim  = framePrefix + ".claim"

	frameChunk = 256 << 10 // bytes a message
	// A claim is renewed for as long as its holder is at work, and ends soon after
	// that was killed.
	frameClaimTTL   = 5 * time.Second
	frameClaimRenew = 1500 * time.Millisecond
)

// Keyframes keeps keyframes in a stream of their own. The data of one is written in
// chunks under a subject that nobody else knows; then one message, of the keyframe's
// name, says where it is. That message is written by compare-and-set, so that there
// is one of a name at most, and never one without its data. Whatever a writer that
// was killed in between has left is removed by the next one.
type Keyframes struct{ b *Bus }

var _ events.Keyframes = (*Keyframes)(nil)

// frameMessage says where a keyframe's data is.
type frameMessage struct {
	Upload string `json:"upload"`
	First  uint64 `json:"first"` // sequences of its chunks
	Last   uint64 `json:"last"`
	Bytes  int    `json:"bytes"`
}

// frameConfig: room is not reserved, for keyframes take a share of the log's.
func frameConfig() jetstream.StreamConfig {
	return jetstream.StreamConfig{
		Name:        frameStream,
		Description: "Rollcall: the table at places of the log",
		Subjects:    []string{framePrefix + ".>"},
		Storage:     jetstream.FileStorage,
		Discard:     jetstream.DiscardNew,
		MaxBytes:    -1,
		AllowMsgTTL: true,
		Duplicates:  10 * time.Second,
	}
}

func frameSubject(k events.Keyframe) string {
	return fmt.Sprintf("%s%d.%d.%d.%d", frameName, k.Format, k.Created, k.Seq, k.At)
}

// parseFrame reads the name of a keyframe. It reports false for what isn't one.
func parseFrame(subject string) (k events.Keyframe, ok bool) {
	name, ok := strings.CutPrefix(subject, frameName)
	fields := strings.Split(name, ".")
	if !ok || len(fields) != 4 {
		return k, false
	}
	var numbers [4]int64
	for i, f := range fields {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return k, false
		}
		numbers[i] = n
	}
	return events.Keyframe{Format: int(numbers[0]), Created: numbers[1], Seq: events.Seq(numbers[2]), At: numbers[3]}, true
}

// List implements events.Keyframes.
func (f *Keyframes) List(ctx context.Context) ([]events.Keyframe, error) {
	subjects, err := f.subjects(ctx, frameName+">")
	if err != nil {
		return nil, err
	}
	var list []events.Keyframe
	for _, subject := range subjects {
		if k, ok := parseFrame(subject); ok {
			list = append(list, k)
		}
	}
	slices.SortFunc(list, func(a, b events.Keyframe) int {
		return cmp.Or(cmp.Compare(a.Seq, b.Seq), cmp.Compare(a.At, b.At), cmp.Compare(a.Created, b.Created), a.Format-b.Format)
	})
	return list, nil
}

// subjects asks the leader for those that have messages.
func (f *Keyframes) subjects(ctx context.Context, filter string) (all []string, err error) {
	var info streamInfo
	request := struct {
		Filter string `json:"subjects_filter"`
	}{filter}
	if err := f.b.api(ctx, "STREAM.INFO."+frameStream, request, &info); err != nil {
		return nil, err
	}
	for subject := range info.State.Subjects {
		all = append(all, subject)
	}
	return all, nil
}

// Read implements events.Keyframes.
func (f *Keyframes) Read(ctx context.Context, k events.Keyframe) ([]byte, error) {
	at, err := f.find(ctx, k)
	if err != nil || at.Bytes == 0 {
		return nil, err
	}
	data := make([]byte, 0, at.Bytes)
	t := &tail{b: f.b, stream: frameStream, filter: frameData + at.Upload, after: at.First - 1}
	for d, err := range t.all(ctx, at.Last) {
		if err != nil {
			return nil, err
		}
		if len(data)+len(d.msg.Data) > at.Bytes {
			break
		}
		data = append(data, d.msg.Data...)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(data) != at.Bytes {
		return nil, fmt.Errorf("%w: %d of its %d bytes are there", events.ErrDamaged, len(data), at.Bytes)
	}
	return data, nil
}

// find tells where the data of a keyframe is.
func (f *Keyframes) find(ctx context.Context, k events.Keyframe) (at frameMessage, err error) {
	m, err := f.b.last(ctx, frameStream, frameSubject(k))
	if err != nil {
		return at, err
	}
	if err := json.Unmarshal(m.Data, &at); err != nil || at.Bytes < 0 || at.Bytes > events.MaxKeyframe {
		return at, fmt.Errorf("%w: where its data is can't be read", events.ErrDamaged)
	}
	return at, nil
}

// Peek implements events.Keyframes. It reads the first chunk.
func (f *Keyframes) Peek(ctx context.Context, k events.Keyframe) ([]byte, error) {
	at, err := f.find(ctx, k)
	if err != nil || at.Bytes == 0 {
		return nil, err
	}
	m, err := f.b.next(ctx, frameStream, frameData+at.Upload, at.First)
	switch {
	case errors.Is(err, events.ErrNotFound):
		return nil, fmt.Errorf("%w: none of its %d bytes are there", events.ErrDamaged, at.Bytes)
	case err != nil:
		return nil, err
	}
	return m.Data, nil
}

// Create implements events.Keyframes.
func (f *Keyframes) Create(ctx context.Context, k events.Keyframe, data []byte) error {
	if len(data) > events.MaxKeyframe {
		return fmt.Errorf("%s: %w (%d bytes)", k, events.ErrTooLarge, len(data))
	}
	at, err := f.upload(ctx, data)
	if err == nil {
		err = f.name(ctx, k, at)
	}
	if err == nil {
		return nil
	}
	if !errors.Is(err, events.ErrUnresolved) { // otherwise the name may lead to it
		f.purge(context.WithoutCancel(ctx), frameData+at.Upload, 0)
	}
	return fmt.Errorf("store %s: %w", k, err)
}

// upload stores data in chunks. With an error it tells under which token some may be.
func (f *Keyframes) upload(ctx context.Context, data []byte) (frameMessage, error) {
	at := frameMessage{Upload: nuid.Next(), Bytes: len(data)}
	for chunk := range slices.Chunk(data, frameChunk) {
		seq, err := f.b.store(ctx, "", &nats.Msg{Subject: frameData + at.Upload, Data: chunk})
		if err != nil {
			return at, err
		}
		if at.First == 0 {
			at.First = seq
		}
		at.Last = seq
	}
	return at, nil
}

// name makes what was uploaded the keyframe of a name that is free. A writer that was
// frozen for longer than its claim may find that the next one has cleared its data up:
// then the name is taken back.
func (f *Keyframes) name(ctx context.Context, k events.Keyframe, at frameMessage) error {
	data, err := json.Marshal(at)
	if err != nil {
		return err
	}
	named := &nats.Msg{Subject: frameSubject(k), Data: data, Header: nats.Header{}}
	if _, _, err = f.b.compareAndSet(ctx, frameStream, named, 0, nil); err != nil {
		return err
	}
	var info streamInfo
	request := struct {
		Filter string `json:"subjects_filter"`
	}{frameData + at.Upload}
	if err := f.b.api(ctx, "STREAM.INFO."+frameStream, request, &info); err != nil {
		return fmt.Errorf("%w: look for its data: %w", events.ErrUnresolved, err)
	}
	if n := (at.Bytes + frameChunk - 1) / frameChunk; info.State.Subjects[frameData+at.Upload] == uint64(n) {
		return nil
	}
	return errors.Join(errCleared, f.Remove(ctx, k))
}

var errCleared = errors.New("its data was taken for that of a writer that was killed")

// Remove implements events.Keyframes. The name goes first, so that nobody finds a
// keyframe whose data has gone.
func (f *Keyframes) Remove(ctx context.Context, k events.Keyframe) error {
	m, err := f.b.last(ctx, frameStream, frameSubject(k))
	if errors.Is(err, events.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := f.purge(ctx, frameSubject(k), 0); err != nil {
		return err
	}
	var at frameMessage
	if json.Unmarshal(m.Data, &at) != nil || at.Upload == "" {
		return nil
	}
	return f.purge(ctx, frameData+at.Upload, 0)
}

// purge removes what a subject has, up to a sequence or, at 0, all.
func (f *Keyframes) purge(ctx context.Context, subject string, to uint64) error {
	request := struct {
		Filter string `json:"filter"`
		Before uint64 `json:"seq,omitempty"`
	}{Filter: subject}
	if to > 0 {
		request.Before = to + 1
	}
	return f.b.api(ctx, "STREAM.PURGE."+frameStream, request, &struct{}{})
}

// Claim implements events.Keyframes. Whoever gets it clears up after writers that
// were killed.
func (f *Keyframes) Claim(ctx context.Context) (release func(), err error) {
	seq, err := f.claim(ctx, 0)
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(ctx)
	renewed := make(chan struct{})
	go func() {
		defer close(renewed)
		f.renew(life, seq)
	}()
	release = sync.OnceFunc(func() {
		end()
		<-renewed
	})
	if err := f.clear(ctx); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// claim stores a claim in place of the one at a sequence.
func (f *Keyframes) claim(ctx context.Context, instead uint64) (uint64, error) {
	m := &nats.Msg{Subject: frameClaim, Header: nats.Header{jetstream.MsgTTLHeader: {frameClaimTTL.String()}}}
	seq, _, err := f.b.compareAndSet(ctx, frameStream, m, instead, nil)
	return seq, err
}

// renew keeps a claim until ctx ends, and gives it back then.
func (f *Keyframes) renew(ctx context.Context, seq uint64) {
	tick := time.NewTicker(frameClaimRenew)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			f.purge(context.WithoutCancel(ctx), frameClaim, seq) // otherwise it ends by itself
			return
		case <-tick.C:
		}
		next, err := f.claim(ctx, seq)
		switch {
		case err == nil:
			seq = next
		case errors.Is(err, events.ErrConflict): // it has ended, and is another's now
			<-ctx.Done()
			return
		}
	}
}

// clear removes data that no name leads to.
func (f *Keyframes) clear(ctx context.Context) error {
	uploads, err := f.subjects(ctx, frameData+">")
	if err != nil || len(uploads) == 0 {
		return err
	}
	names, err := f.subjects(ctx, frameName+">")
	if err != nil || len(names) == len(uploads) {
		return err
	}
	used, err := f.used(ctx)
	if err != nil {
		return err
	}
	for _, upload := range uploads {
		if !used[upload] {
			if err := f.purge(ctx, upload, 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// used are the subjects of the data that names lead to, all names being read in one go.
func (f *Keyframes) used(ctx context.Context) (map[string]bool, error) {
	used := make(map[string]bool)
	for d, err := range f.b.deliveries(ctx, frameStream, frameName+">", events.Range{}) {
		if err != nil {
			return nil, err
		}
		var at frameMessage
		if err := json.Unmarshal(d.msg.Data, &at); err == nil {
			used[frameData+at.Upload] = true
		}
	}
	return used, ctx.Err()
}

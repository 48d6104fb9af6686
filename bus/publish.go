package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

// statusHeader holds the number of a message that is only a status, such as
// 503 for no responders.
const (
	statusHeader      = "Status"
	statusNoResponder = "503"
)

// store publishes m to a stream and returns its sequence there. The message
// must not be changed before store returns. Without the stream's name it waits for
// no sync.
func (b *Bus) store(ctx context.Context, stream string, m *nats.Msg) (uint64, error) {
	sync := b.syncs.after(stream)
	if err := sync.mayStore(ctx); err != nil {
		return 0, err
	}
	answer, err := b.rpc.doThen(ctx, m, sync)
	if err != nil {
		return 0, err
	}
	return parseAck(answer)
}

// parseAck reads a stream's acknowledgement. The common form is read without
// package json, which would cost more than all the rest of an append.
func parseAck(m *nats.Msg) (uint64, error) {
	if len(m.Data) == 0 {
		if m.Header.Get(statusHeader) == statusNoResponder {
			// Nobody listens on the subject, so nobody stored it. On a cluster
			// it means that the stream has no leader at this moment.
			return 0, fmt.Errorf("%w: the stream has no leader", events.ErrUnavailable)
		}
		return 0, fmt.Errorf("%w: the acknowledgement is empty", events.ErrUnresolved)
	}
	if seq, ok := plainAck(m.Data); ok {
		return seq, nil
	}
	var ack struct {
		Seq   uint64 `json:"seq"`
		Error *struct {
			Code        int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(m.Data, &ack); err != nil {
		return 0, fmt.Errorf("%w: acknowledgement: %w", events.ErrUnresolved, err)
	}
	if ack.Error != nil {
		return 0, refusal(ack.Error.Code, ack.Error.Description)
	}
	if ack.Seq == 0 {
		return 0, fmt.Errorf("%w: the acknowledgement has no sequence", events.ErrUnresolved)
	}
	return ack.Seq, nil
}

// plainAck reads {"stream":"NAME","seq":N} and nothing else.
func plainAck(b []byte) (seq uint64, ok bool) {
	b, ok = bytes.CutPrefix(b, []byte(`{"stream":"`))
	if !ok {
		return 0, false
	}
	_, b, ok = bytes.Cut(b, []byte(`","seq":`))
	if !ok {
		return 0, false
	}
	for i, c := range b {
		if c < '0' || c > '9' {
			return seq, i > 0 && seq > 0 && string(b[i:]) == "}"
		}
		seq = seq*10 + uint64(c-'0')
	}
	return 0, false
}

// expect returns the headers of a compare-and-set.
func expect(id string, seq uint64) nats.Header {
	return nats.Header{
		jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(seq, 10)},
		jetstream.MsgIDHeader:               {id},
	}
}

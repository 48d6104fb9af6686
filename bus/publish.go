package bus

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"rollcall/events"
)

// statusHeader holds the number of a message that is only a status, such as
// 503 for no responders.
const (
	statusHeader      = "Status"
	statusNoResponder = "503"
)

// store publishes m to a stream and returns its sequence there. The message
// must not be changed before store returns.
func (b *Bus) store(ctx context.Context, m *nats.Msg) (uint64, error) {
	answer, err := b.rpc.do(ctx, m)
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
	h := nats.Header{jetstream.ExpectedLastSubjSeqHeader: {strconv.FormatUint(seq, 10)}}
	if id != "" {
		h[jetstream.MsgIDHeader] = []string{id}
	}
	return h
}

// A message is one that a stream keeps, as its leader gives it.
type message struct {
	Subject string    `json:"subject"`
	Seq     uint64    `json:"seq"`
	Head    []byte    `json:"hdrs"`
	Data    []byte    `json:"data"`
	Time    time.Time `json:"time"`
}

// header parses the headers; nil if there are none or they are broken.
func (m *message) header() nats.Header {
	h, _ := nats.DecodeHeadersMsg(m.Head)
	return h
}

// next asks a stream's leader for the first message on the subject at or
// after the sequence. Errors wrap events.ErrNotFound or ErrUnavailable.
func (b *Bus) next(ctx context.Context, stream, subject string, seq uint64) (*message, error) {
	return b.get(ctx, stream, struct {
		Seq  uint64 `json:"seq"`
		Next string `json:"next_by_subj"`
	}{seq, subject})
}

// last asks a stream's leader for the newest message on the subject.
func (b *Bus) last(ctx context.Context, stream, subject string) (*message, error) {
	return b.get(ctx, stream, struct {
		Last string `json:"last_by_subj"`
	}{subject})
}

func (b *Bus) get(ctx context.Context, stream string, request any) (*message, error) {
	answer, err := b.ask(ctx, "STREAM.MSG.GET."+stream, request)
	if err != nil {
		return nil, err
	}
	if m, ok := plainMessage(answer); ok {
		return m, nil
	}
	var got struct {
		Message *message `json:"message"`
	}
	if err := parseAnswer("STREAM.MSG.GET", answer, &got); err != nil {
		return nil, err
	}
	if got.Message == nil {
		return nil, fmt.Errorf("%w: the answer has no message", events.ErrUnavailable)
	}
	return got.Message, nil
}

// api asks the JetStream API. Errors wrap events.ErrNotFound or
// events.ErrUnavailable, and the server's *jetstream.APIError if it sent one.
func (b *Bus) api(ctx context.Context, verb string, request, response any) error {
	answer, err := b.ask(ctx, verb, request)
	if err != nil {
		return err
	}
	return parseAnswer(verb, answer, response)
}

// ask returns the API's answer as it came.
func (b *Bus) ask(ctx context.Context, verb string, request any) ([]byte, error) {
	data, err := json.Marshal(request)
	if err != nil {
		return nil, err
	}
	answer, err := b.rpc.do(ctx, &nats.Msg{Subject: "$JS.API." + verb, Data: data})
	if err != nil {
		return nil, unread(ctx, err)
	}
	if len(answer.Data) == 0 {
		return nil, fmt.Errorf("%w: JetStream is not ready", events.ErrUnavailable)
	}
	return answer.Data, nil
}

func parseAnswer(verb string, answer []byte, response any) error {
	var failed struct {
		Error *jetstream.APIError `json:"error"`
	}
	if err := errors.Join(json.Unmarshal(answer, &failed), json.Unmarshal(answer, response)); err != nil {
		return fmt.Errorf("%w: answer to %s: %w", events.ErrUnavailable, verb, err)
	}
	if failed.Error != nil {
		return apiError(failed.Error)
	}
	return nil
}

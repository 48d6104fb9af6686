package bus

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

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

// get reads one message from the leader, as decisions rest on it; the direct way,
// by which any replica answers, is switched off.
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

// plainMessage reads the answer to STREAM.MSG.GET in the form in which servers
// write it. Package json would cost more than all the rest of a lookup, and
// each login makes two. It reports false for any other form, errors among them.
func plainMessage(b []byte) (*message, bool) {
	_, b, ok := bytes.Cut(b, []byte(`"message":{"subject":"`))
	if !ok || bytes.IndexByte(b, '\\') >= 0 {
		return nil, false
	}
	var m message
	subject, b, ok := bytes.Cut(b, []byte(`","seq":`))
	if !ok {
		return nil, false
	}
	m.Subject = string(subject)
	number, b, ok := bytes.Cut(b, []byte(`,`))
	seq, err := strconv.ParseUint(string(number), 10, 64)
	if !ok || err != nil {
		return nil, false
	}
	m.Seq = seq
	for _, field := range []struct {
		key  string
		into *[]byte
	}{{`"hdrs":"`, &m.Head}, {`"data":"`, &m.Data}} {
		if b, ok = cutBase64(b, field.key, field.into); !ok {
			return nil, false
		}
	}
	b, ok = bytes.CutPrefix(b, []byte(`"time":"`))
	at, end, closed := bytes.Cut(b, []byte(`"`))
	if m.Time, err = time.Parse(time.RFC3339Nano, string(at)); !ok || !closed || err != nil {
		return nil, false
	}
	return &m, string(end) == "}}"
}

// cutBase64 reads a field and the comma after it, if it is there.
func cutBase64(b []byte, key string, into *[]byte) (rest []byte, ok bool) {
	value, found := bytes.CutPrefix(b, []byte(key))
	if !found {
		return b, true
	}
	text, rest, ok := bytes.Cut(value, []byte(`",`))
	if !ok {
		return nil, false
	}
	decoded, err := base64.StdEncoding.AppendDecode(nil, text)
	*into = decoded
	return rest, err == nil
}

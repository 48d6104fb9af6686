package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/events"
)

// beginRestore asks for a stream to be made from an archive. It returns the subject that
// the archive is to be sent to.
func (b *Bus) beginRestore(ctx context.Context, c jetstream.StreamConfig) (subject string, err error) {
	request := struct {
		Config jetstream.StreamConfig `json:"config"`
		State  struct{}               `json:"state"`
	}{Config: c}
	var to struct {
		Deliver string `json:"deliver_subject"`
	}
	err = b.api(ctx, "STREAM.RESTORE."+c.Name, request, &to)
	return to.Deliver, err
}

// sendStream sends the archive and returns what was made. When it fails there may be a
// part of the stream.
func (b *Bus) sendStream(ctx context.Context, to string, from io.Reader) (*jetstream.StreamInfo, error) {
	if err := b.sendArchive(ctx, to, from); err != nil {
		b.endRestore(context.WithoutCancel(ctx), to) // otherwise the server would wait, and then keep what it has
		return nil, err
	}
	return b.endRestore(ctx, to)
}

// sendArchive sends chunks, a window of them at a time.
func (b *Bus) sendArchive(ctx context.Context, to string, from io.Reader) error {
	var flight []*call
	window := 1 // until it is known that they arrive
	for end := false; !end || len(flight) > 0; {
		for !end && len(flight) < window {
			chunk := make([]byte, restoreChunk)
			n, err := io.ReadFull(from, chunk)
			switch {
			case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
				end = true
			case err != nil:
				return err
			}
			if n == 0 {
				break
			}
			if window == 1 {
				if err := b.sendFirst(ctx, to, chunk[:n]); err != nil {
					return err
				}
				window = restoreWindow
				continue
			}
			c, err := b.rpc.send(&nats.Msg{Subject: to, Data: chunk[:n]})
			if err != nil {
				return err
			}
			flight = append(flight, c)
		}
		if len(flight) == 0 {
			continue
		}
		answer, err := b.rpc.wait(ctx, flight[0])
		if err == nil {
			err = taken(answer)
		}
		if err != nil {
			return unread(ctx, err)
		}
		flight = flight[1:]
	}
	return nil
}

// sendFirst sends the first chunk. In a cluster the server that is to take it may not
// be known yet to the one that this process is connected to.
func (b *Bus) sendFirst(ctx context.Context, to string, chunk []byte) error {
	for begun := time.Now(); ; {
		answer, err := b.rpc.do(ctx, &nats.Msg{Subject: to, Data: chunk})
		if err == nil {
			err = taken(answer)
		}
		if !errors.Is(err, errNobody) || time.Since(begun) > restoreKnown || !b.pause(ctx, reopenMin) {
			return err
		}
	}
}

// restoreKnown is how long a cluster may need to know where a restore is sent to. The
// server gives it up after 5 s.
const restoreKnown = 4 * time.Second

var errNobody = fmt.Errorf("%w: nobody takes the stream", events.ErrUnavailable)

// taken reads the answer to a chunk, which is empty if all is well.
func taken(answer *nats.Msg) error {
	switch {
	case answer.Header.Get(statusHeader) == statusNoResponder:
		return errNobody
	case len(answer.Data) > 0:
		return parseAnswer("STREAM.RESTORE", answer.Data, &struct{}{})
	}
	return nil
}

// endRestore says that nothing more comes, and returns what the server has made.
func (b *Bus) endRestore(ctx context.Context, to string) (*jetstream.StreamInfo, error) {
	answer, err := b.rpc.do(ctx, &nats.Msg{Subject: to})
	if err != nil {
		return nil, unread(ctx, err)
	}
	if len(answer.Data) == 0 {
		return nil, errNobody
	}
	var made jetstream.StreamInfo
	if err := parseAnswer("STREAM.RESTORE", answer.Data, &made); err != nil {
		return nil, err
	}
	if made.Config.Name == "" {
		return nil, fmt.Errorf("%w: the server says nothing of what it made: %s", events.ErrUnavailable, json.RawMessage(answer.Data))
	}
	return &made, nil
}

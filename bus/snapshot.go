package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus/archive"
	"github.com/rollcall-xmpp/rollcall/events"
)

// JetStream's own way of copying a stream: it sends the stream as an archive, in
// chunks, as many at a time as are acknowledged, and goes on serving meanwhile. The
// archive has every message that was there at the beginning and still is when its turn
// comes.

const (
	snapshotChunk  = 256 << 10 // bytes a message
	snapshotWindow = 32        // chunks on their way, in a hurry
	// snapshotSilence is how long nothing may come. The server itself gives up when
	// nothing is acknowledged for 5 s.
	snapshotSilence = 15 * time.Second
	// pauseShare is how many times as long as the server works on a chunk it may rest
	// afterwards, if there is no hurry, and longestPause bounds that.
	pauseShare   = 3
	longestPause = time.Second
)

// A snapshotInfo is what the server says of a snapshot, and what was found in it.
type snapshotInfo struct {
	Config json.RawMessage `json:"config"`
	State  archive.State   `json:"state"`

	messages uint64
	oldest   time.Time // zero: there is none
}

// snapshot writes a stream's archive to w as it comes, and reads along: it tells
// seen how many messages came, and fails unless all of them can be read and the end
// is there. Errors wrap events.ErrUnavailable or those of package archive.
func (b *Bus) snapshot(ctx context.Context, stream string, w io.Writer, hurry bool, seen func(n uint64)) (info snapshotInfo, err error) {
	window := 1 // so that the server has nothing to do while a chunk is not acknowledged
	if hurry {
		window = snapshotWindow
	}
	chunks := make(chan *nats.Msg, 2*snapshotWindow)
	sub, err := b.nc.ChanSubscribe(b.nc.NewInbox(), chunks)
	if err != nil {
		return info, fmt.Errorf("%w: %w", events.ErrUnavailable, err)
	}
	defer sub.Unsubscribe()
	_, changed := b.link()
	request := struct {
		Deliver     string `json:"deliver_subject"`
		NoConsumers bool   `json:"no_consumers"`
		Chunk       int    `json:"chunk_size"`
		Window      int    `json:"window_size"`
	}{sub.Subject, true, snapshotChunk, window * snapshotChunk}
	if err := b.api(ctx, "STREAM.SNAPSHOT."+stream, request, &info); err != nil {
		return info, err
	}
	pr, pw := io.Pipe()
	read := make(chan error, 1)
	go func() { // ends when pw is closed
		err := info.read(pr, seen)
		pr.CloseWithError(err)
		read <- err
	}()
	err = b.takeChunks(ctx, chunks, changed, hurry, io.MultiWriter(w, pw))
	pw.CloseWithError(err)
	if readErr := <-read; err == nil || errors.Is(readErr, archive.ErrForm) {
		err = readErr
	}
	return info, err
}

// read reads an archive to its end.
func (i *snapshotInfo) read(r io.Reader, seen func(n uint64)) error {
	a, _, err := archive.NewReader(r)
	if err != nil {
		return err
	}
	for m, err := range a.All() {
		if err != nil {
			return err
		}
		if i.messages++; i.messages == 1 {
			i.oldest = time.Unix(0, m.At).UTC()
		}
		seen(i.messages)
	}
	_, err = io.Copy(io.Discard, r) // what the compression puts behind it
	return err
}

// takeChunks writes chunks until the empty one that is the last. Without hurry it
// leaves the server most of the time for others: on a machine that is busy a chunk
// takes longer, and so does the rest after it.
func (b *Bus) takeChunks(ctx context.Context, chunks <-chan *nats.Msg, changed <-chan struct{}, hurry bool, w io.Writer) error {
	silence := time.NewTimer(snapshotSilence)
	defer silence.Stop()
	asked := time.Now()
	for next := 1; ; next++ {
		var m *nats.Msg
		select {
		case m = <-chunks:
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
			return fmt.Errorf("%w: the connection was lost", events.ErrUnavailable)
		case <-silence.C:
			return fmt.Errorf("%w: nothing more comes", events.ErrUnavailable)
		}
		if len(m.Data) == 0 {
			if status := m.Header.Get(statusHeader); status != "" && status != "204" {
				return fmt.Errorf("%w: %s", events.ErrUnavailable, strings.ToLower(m.Header.Get("Description")))
			}
			return nil
		}
		if n := chunkNumber(m.Reply); n != 0 && n != next {
			return fmt.Errorf("%w: chunk %d came after chunk %d", events.ErrUnavailable, n, next-1)
		}
		if _, err := w.Write(m.Data); err != nil {
			return err
		}
		if m.Reply != "" { // the last one has none
			if !hurry && !b.pause(ctx, min(pauseShare*time.Since(asked), longestPause)) {
				return ctx.Err()
			}
			asked = time.Now()
			if err := b.nc.Publish(m.Reply, nil); err != nil {
				return fmt.Errorf("%w: %w", events.ErrUnavailable, err)
			}
		}
		silence.Reset(snapshotSilence)
	}
}

// chunkNumber is the last token of the subject that acknowledges a chunk; 0 if there
// is none.
func chunkNumber(reply string) int {
	n, err := strconv.Atoi(reply[strings.LastIndexByte(reply, '.')+1:])
	if err != nil {
		return 0
	}
	return n
}

package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

const (
	// heartbeat is after how long without an event a comment shows that the stream lives.
	heartbeat = 15 * time.Second
	// streamBatch is how many events are written at once.
	streamBatch = 256
	// streamPace is the least time from one write to the next: what comes meanwhile is
	// written together, for a write costs a reader and us as much as many events do. An
	// event that comes after a silence is written at once.
	streamPace = 10 * time.Millisecond
)

// follow answers with events as they happen, as server-sent events whose ids are their
// sequences. It begins after Last-Event-ID, the parameter after, or with new events.
func (h *History) follow(q *question) error {
	for _, name := range [...]string{"since", "until"} {
		if q.r.URL.Query().Has(name) {
			return bad(name, "a stream begins with after=0, after the position of a download, or with what comes, and does not end")
		}
	}
	s, err := selectionOf(q, "every", "newest")
	if err != nil {
		return err
	}
	sum, err := digestOf(q.r.URL.Query())
	if err != nil {
		return err
	}
	info, err := h.Archive.Log.Info(q.r.Context())
	if err != nil {
		return err
	}
	if text := q.r.Header.Get("Last-Event-ID"); text != "" {
		n, err := strconv.ParseUint(text, 10, 63)
		if err != nil {
			return bad("Last-Event-ID", "it is the sequence of the event that was seen last")
		}
		s.after = events.Seq(n)
	} else if !q.r.URL.Query().Has("after") {
		s.after = info.Last
	}
	if s.after > info.Last {
		return bad("after", "the log ends at %d; is it another one than before?", info.Last)
	}
	e, err := h.encoders(q.r.Context())
	if err != nil {
		return err
	}
	if err := h.record(q, nil); err != nil {
		return err
	}
	q.server.following.Add(1)
	defer q.server.following.Add(-1)
	t := stream{question: q, selection: &s, control: http.NewResponseController(q.w), encoder: e.of(q), full: q.by.MayAbout(access.ReadAddress, q.about), pace: streamPace, digest: sum}
	if sum != nil {
		t.pace = sum.every
	}
	t.begin(info)
	if err := t.flush(); err != nil {
		return err
	}
	if err := t.catchUp(q.r.Context(), h, info.Last); err != nil {
		return err
	}
	if err := q.feed.join(); err != nil {
		return err
	}
	defer q.feed.leave()
	return t.run(h)
}

// catchUp reads the log until its end is near. Only then is the log followed for this
// reader, for one that is slow may never get there.
func (t *stream) catchUp(ctx context.Context, h *History, end events.Seq) error {
	for end > t.after+feedSize/2 {
		if err := t.read(ctx, h, end); err != nil {
			return err
		}
		info, err := h.Archive.Log.Info(ctx)
		if err != nil {
			return err
		}
		end = info.Last
	}
	return nil
}

// A stream writes server-sent events.
type stream struct {
	*question
	*selection
	control *http.ResponseController
	encoder *public.Encoder
	full    bool // addresses are told
	pace    time.Duration
	digest  *digest // nil: each event is told
	buffer  []byte
	flushed time.Time // when something was written last
}

func (t *stream) begin(info events.Info) {
	header := t.w.Header()
	header.Set("Content-Type", "text/event-stream")
	header.Set("X-Accel-Buffering", "no") // or proxies keep it back
	t.begun = true
	t.buffer = fmt.Appendf(t.buffer, ": the log ends at %d\n\n", info.Last)
	if t.after+1 < info.First {
		t.buffer = fmt.Appendf(t.buffer, "event: forgotten\ndata: {\"first\":%d}\n\n", info.First)
	}
}

// run writes until the reader goes, its token is good for nothing any longer, or nothing
// can come.
func (t *stream) run(h *History) error {
	ctx := t.r.Context()
	room := make([]*told, 0, streamBatch)
	beat := time.NewTimer(heartbeat)
	defer beat.Stop()
	for {
		if err := t.flush(); err != nil {
			return err
		}
		if !h.holds(t.question) { // an idle stream finds out at its next heartbeat
			return t.refuse()
		}
		list, last, more, ok, err := t.feed.after(t.after, room)
		switch {
		case err != nil:
			return err
		case !ok:
			if err := t.read(ctx, h, last); err != nil {
				return err
			}
			continue
		case last > t.after:
			t.write(list)
			t.after = last
			continue
		}
		if summed, err := t.sumUp(); err != nil {
			return err
		} else if summed {
			continue
		}
		beat.Reset(heartbeat)
		select {
		case <-more:
			if !sleep(ctx, time.Until(t.flushed.Add(t.pace))) {
				return ctx.Err()
			}
		case <-beat.C:
			t.position("ends at")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// refuse ends the stream of a token that is good for nothing any longer, and says so.
func (t *stream) refuse() error {
	t.buffer = append(t.buffer, ": the token was removed, or has expired\n\n"...)
	t.flush() // whether or not it still reads
	return access.ErrInvalid
}

// read writes what the log has up to a sequence, which it shares with other readers unless
// that is little of it.
func (t *stream) read(ctx context.Context, h *History, to events.Seq) error {
	if t.few() || !t.filter.Narrow(t.span()).Since.IsZero() {
		return t.readAlone(ctx, h, to)
	}
	for t.after < to {
		list, last, err := t.feed.past(ctx, t.after, to)
		if err != nil {
			return err
		}
		for part := range slices.Chunk(list, streamBatch) {
			if !h.holds(t.question) {
				return t.refuse()
			}
			t.write(part)
			t.after = part[len(part)-1].seq()
			if err := t.flushMuch(); err != nil {
				return err
			}
		}
		t.after = last
		if err := t.tellPosition(); err != nil {
			return err
		}
	}
	return nil
}

// position tells up to where the log was read. It is an id without an event: to a client it
// is where to go on after an interruption, and nothing has happened (HTML, 9.2.6).
func (t *stream) position(where string) {
	t.buffer = fmt.Appendf(t.buffer, ": the log %s %d\nid: %d\n\n", where, t.after, t.after)
}

// tellPosition does so if nothing was told for long, as while much is read of which nothing
// is meant.
func (t *stream) tellPosition() error {
	if time.Since(t.flushed) < heartbeat || t.digest != nil && t.digest.events > 0 {
		return nil
	}
	t.position("was read up to")
	return t.flush()
}

func (t *stream) write(list []*told) {
	for i := range list {
		one := list[i]
		switch {
		case one.poison != nil && t.hasDamaged():
			t.event(one.seq(), "log.damaged", t.line(one))
		case one.poison == nil && t.has(&one.st):
			t.event(one.seq(), public.TypeOf(one.st.Event.Kind()).Schema(), t.line(one))
		}
	}
}

// readAlone writes what the log has up to a sequence.
func (t *stream) readAlone(ctx context.Context, h *History, to events.Seq) error {
	part := *t.selection
	part.to = to
	scanned := 0
	for st, err := range part.read(ctx, h.Archive.Log) {
		if scanned++; scanned%streamBatch == 0 {
			if !h.holds(t.question) {
				return t.refuse()
			}
			if err := t.tellPosition(); err != nil {
				return err
			}
		}
		poison, _ := errors.AsType[*events.PoisonError](err)
		switch {
		case poison != nil:
			if t.after = poison.Seq; t.hasDamaged() {
				t.event(poison.Seq, "log.damaged", t.encoder.AppendDamaged(nil, poison))
			}
		case err != nil:
			return err
		default:
			if t.after = st.Seq; !t.has(st) {
				continue
			}
			who, err := h.Names.Of(ctx, st)
			if err != nil {
				return err
			}
			t.event(st.Seq, public.TypeOf(st.Event.Kind()).Schema(), t.encoder.Append(nil, st, who))
		}
		if err := t.flushMuch(); err != nil {
			return err
		}
	}
	t.after = to
	return ctx.Err()
}

// line is an event as it is told; nil if it is only counted.
func (t *stream) line(one *told) []byte {
	if t.digest != nil && t.digest.most == 0 {
		return nil
	}
	return one.line(t.encoder, t.full)
}

// event tells of an event, or sums it up.
func (t *stream) event(seq events.Seq, name string, line []byte) {
	if t.digest != nil {
		t.digest.add(name, line)
		return
	}
	t.buffer = strconv.AppendUint(append(t.buffer, "id: "...), uint64(seq), 10)
	t.buffer = append(append(append(t.buffer, "\nevent: "...), name...), "\ndata: "...)
	t.buffer = append(append(t.buffer, line...), "\n\n"...)
}

// sumUp has what was summed up told, and reports whether there was anything.
func (t *stream) sumUp() (bool, error) {
	if t.digest == nil || t.digest.events == 0 {
		return false, nil
	}
	var err error
	t.buffer, err = t.digest.take(t.buffer, t.after)
	return true, err
}

// flushMuch sends what was written if it is worth a write, or sums up what is due.
func (t *stream) flushMuch() error {
	if t.digest != nil && time.Since(t.flushed) >= t.pace {
		if _, err := t.sumUp(); err != nil {
			return err
		}
		return t.flush()
	}
	if len(t.buffer) <= 64<<10 {
		return nil
	}
	return t.flush()
}

// flush sends what was written. A reader that takes none of it for too long is gone.
func (t *stream) flush() error {
	if len(t.buffer) == 0 {
		return nil
	}
	if _, err := t.w.Write(t.buffer); err != nil {
		return err
	}
	t.buffer = t.buffer[:0]
	err := t.control.Flush()
	t.flushed = time.Now()
	return err
}

// sleep waits, and reports false if ctx ends before.
func sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return true
	}
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}

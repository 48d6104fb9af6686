package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// A page is events that were read together.
type page struct {
	limit    int
	records  []*events.Stored
	damaged  map[int]*events.PoisonError // in place of the record at an index
	scanned  int
	deadline time.Time
	next     events.Seq  // to go on after, or before if the newest come first
	log      events.Info // before it was read
	complete bool        // there is nothing more now; whoever asks again after next gets what is new
}

// take looks at a record, and reports false when the page ends with it.
func (p *page) take(s *selection, st *events.Stored, poison *events.PoisonError) bool {
	p.scanned++
	switch {
	case poison != nil:
		p.next = poison.Seq
		if s.hasDamaged() {
			p.damaged[len(p.records)] = poison
			p.records = append(p.records, nil)
		}
	default:
		p.next = st.Seq
		if s.has(st) {
			one := *st
			p.records = append(p.records, &one)
		}
	}
	return len(p.records) < p.limit && p.scanned < maxScan && (p.scanned%1000 != 0 || time.Now().Before(p.deadline))
}

// upwards reads a page with the oldest first. One with nothing more goes on after the
// end of the records that were looked at, however few of those were meant.
func (p *page) upwards(ctx context.Context, log events.Log, s *selection) error {
	info, err := log.Info(ctx)
	if err != nil {
		return err
	}
	p.log = info
	if err := p.oldestFirst(ctx, log, s); err != nil || !p.complete {
		return err
	}
	end, err := replay.EndOf(ctx, log, info, s.until)
	if s.to > 0 {
		end = min(end, s.to)
	}
	p.next = max(p.next, end)
	return err
}

// oldestFirst reads a page upwards.
func (p *page) oldestFirst(ctx context.Context, log events.Log, s *selection) error {
	for st, err := range s.read(ctx, log) {
		poison, _ := errors.AsType[*events.PoisonError](err)
		if err != nil && poison == nil {
			return err
		}
		if !p.take(s, st, poison) {
			return nil
		}
	}
	p.complete = true
	return ctx.Err()
}

// firstWindow is how many sequences are looked at first where the newest are wanted; each
// time that they don't fill the page it is four times as many, up to maxWindow.
const (
	firstWindow = 1000
	maxWindow   = maxScan / 4
)

// newestFirst reads a page downwards from the selection's end, window by window, for a
// log is read upwards.
func (p *page) newestFirst(ctx context.Context, log events.Log, s *selection) error {
	info, err := log.Info(ctx)
	if err != nil {
		return err
	}
	p.log = info
	top := info.Last
	if s.to > 0 {
		top = min(top, s.to)
	}
	if p.next = top + 1; s.nothing {
		p.next, top = 1, 0
	}
	size := events.Seq(firstWindow)
	if s.few() {
		size = top // all of it in one window, unless that is too much
	}
	bottom := max(s.after, max(info.First, 1)-1)
	for ; top > bottom; size = min(4*size, maxWindow) {
		window := *s
		window.to, window.after = top, max(bottom, top-min(size, top))
		// Of a window that were not read to its end the newest would be missing.
		part := page{limit: maxScan, damaged: map[int]*events.PoisonError{}, deadline: time.Now().Add(time.Hour)}
		if size > maxWindow {
			part.deadline = time.Now().Add(maxScanTime / 4)
		}
		if err := part.oldestFirst(ctx, log, &window); err != nil {
			return err
		}
		p.scanned += part.scanned
		if size > maxWindow && !part.complete {
			size = maxWindow
			continue
		}
		for i, st := range slices.Backward(part.records) {
			if poison := part.damaged[i]; poison != nil {
				p.damaged[len(p.records)], p.next = poison, poison.Seq
			} else {
				p.next = st.Seq
			}
			if p.records = append(p.records, st); len(p.records) == p.limit {
				p.complete = p.next <= bottom+1
				return nil
			}
		}
		top, p.next = window.after, window.after+1
		if top > bottom && (p.scanned >= maxScan || time.Now().After(p.deadline)) {
			return nil
		}
	}
	p.complete = true
	return nil
}

// events answers with a page of the log.
func (h *History) events(q *question) error {
	s, err := selectionOf(q, "to", "since", "until", "limit", "order")
	if err != nil {
		return err
	}
	ctx := q.r.Context()
	p := page{limit: s.limit, damaged: map[int]*events.PoisonError{}, deadline: time.Now().Add(maxScanTime), next: s.after}
	if s.newest {
		err = p.newestFirst(ctx, h.Archive.Log, &s)
	} else {
		err = p.upwards(ctx, h.Archive.Log, &s)
	}
	if err != nil {
		return err
	}
	e, err := h.encoders(ctx)
	if err != nil {
		return err
	}
	body, err := p.encode(ctx, h.Names, e.of(q), &s)
	if err != nil {
		return err
	}
	rows := len(p.records)
	if p.limited() {
		q.server.cut.Add(1)
	}
	if err := h.recordTold(q, accountsOf(p.records), rows); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	_, err = q.w.Write(body)
	return err
}

// limited reports a page that ended because too much was looked at.
func (p *page) limited() bool { return !p.complete && len(p.records) < p.limit }

// encode is the page as it is answered.
func (p *page) encode(ctx context.Context, all *names.Names, e *public.Encoder, s *selection) ([]byte, error) {
	lines := batch{records: p.records, damaged: p.damaged}
	b, err := lines.appendTo(ctx, append(make([]byte, 0, 700*len(p.records)+200), `{"items":[`...), all, e, ',')
	if err != nil {
		return nil, err
	}
	b = append(b, `],"next":{"`...)
	b = append(b, map[bool]string{false: "after", true: "to"}[s.newest]...)
	next := p.next
	if s.newest {
		next = max(next, 1) - 1
	}
	b = strconv.AppendUint(append(b, `":`...), uint64(next), 10)
	b = strconv.AppendBool(append(b, `},"complete":`...), p.complete)
	b = strconv.AppendInt(append(b, `,"scanned":`...), int64(p.scanned), 10)
	b = strconv.AppendBool(append(b, `,"scan_limited":`...), p.limited())
	begins, err := query.Marshal(beginningOf(p.log, s.after, s.since))
	if err != nil {
		return nil, err
	}
	b = append(append(b, `,"log_begins":`...), begins...)
	return append(b, "}\n"...), nil
}

// A batch is records that are written together; damaged ones have no record.
type batch struct {
	records []*events.Stored
	damaged map[int]*events.PoisonError
}

// appendTo writes the events, with separator between them, or after each if it ends
// lines.
func (t *batch) appendTo(ctx context.Context, b []byte, all *names.Names, e *public.Encoder, separator byte) ([]byte, error) {
	good := slices.DeleteFunc(slices.Clone(t.records), func(st *events.Stored) bool { return st == nil })
	who := make([]names.Pseudonym, len(good))
	if err := all.OfAll(ctx, good, who); err != nil {
		return nil, err
	}
	n := 0
	for i, st := range t.records {
		if i > 0 && separator == ',' {
			b = append(b, separator)
		}
		if st == nil {
			b = e.AppendDamaged(b, t.damaged[i])
		} else {
			b = e.Append(b, st, who[n])
			n++
		}
		if separator == '\n' {
			b = append(b, separator)
		}
	}
	return b, nil
}

// unlimited lets an answer take as long as it takes, if whoever asked goes on reading.
func (q *question) unlimited() { http.NewResponseController(q.w).SetReadDeadline(time.Time{}) }

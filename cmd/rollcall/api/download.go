package api

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// downloadBatch is how many records are written at once.
const downloadBatch = 1000

// download answers with all events that are meant, a line each, and a last line that says
// up to where that is. Without it the answer was cut off: it goes on after the sequence of
// the last event.
func (h *History) download(q *question) error {
	s, err := selectionOf(q, "to", "since", "until")
	if err != nil {
		return err
	}
	ctx := q.r.Context()
	info, err := h.Archive.Log.Info(ctx)
	if err != nil {
		return err
	}
	end := info.Last
	if s.to > 0 {
		end = min(end, s.to)
	}
	s.to = max(end, 1)
	e, err := h.encoders(ctx)
	if err != nil {
		return err
	}
	if err := h.record(q, nil); err != nil {
		return err
	}
	d := download{question: q, names: h.Names, holds: h.holds, encoder: e.of(q)}
	d.begin()
	if err := d.copy(h.Archive.Log, &s); err != nil {
		return err
	}
	return d.end(max(end, s.after))
}

// A download writes lines.
type download struct {
	*question
	names   *names.Names
	holds   func(*question) bool
	encoder *public.Encoder
	out     io.Writer
	zip     *gzip.Writer
	batch   batch
	line    []byte
}

// begin begins the answer, which is compressed for whoever can read that.
func (d *download) begin() {
	header := d.w.Header()
	header.Set("Content-Type", "application/x-ndjson")
	header.Set("Vary", "Accept-Encoding")
	d.out, d.begun = d.w, true
	if strings.Contains(d.r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		d.zip = gzip.NewWriter(d.w)
		d.out = d.zip
	}
}

func (d *download) copy(log events.Log, s *selection) error {
	scanned := 0
	for st, err := range s.read(d.r.Context(), log) {
		if scanned++; scanned%downloadBatch == 0 && !d.holds(d.question) {
			return access.ErrInvalid
		}
		poison, _ := errors.AsType[*events.PoisonError](err)
		switch {
		case poison != nil && s.hasDamaged():
			if d.batch.damaged == nil {
				d.batch.damaged = map[int]*events.PoisonError{}
			}
			d.batch.damaged[len(d.batch.records)] = poison
			d.batch.records = append(d.batch.records, nil)
		case poison != nil:
		case err != nil:
			return err
		case s.has(st):
			one := *st
			d.batch.records = append(d.batch.records, &one)
		}
		if len(d.batch.records) == downloadBatch {
			if err := d.flush(); err != nil {
				return err
			}
		}
	}
	return d.flush()
}

func (d *download) flush() (err error) {
	if d.line, err = d.batch.appendTo(d.r.Context(), d.line[:0], d.names, d.encoder, '\n'); err != nil {
		return err
	}
	d.batch = batch{records: d.batch.records[:0]}
	_, err = d.out.Write(d.line)
	return err
}

// end says that all was written.
func (d *download) end(position events.Seq) error {
	if _, err := fmt.Fprintf(d.out, "{\"position\":%d}\n", position); err != nil || d.zip == nil {
		return err
	}
	return d.zip.Close()
}

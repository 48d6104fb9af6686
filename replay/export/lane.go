package export

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// A source is a stream that is exported: the log, or what happens before there is an
// account.
type source interface {
	Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error]
	Info(ctx context.Context) (events.Info, error)
}

// A lane is one run over one source, which has its own segments and its own manifest. All
// its fields are of one goroutine.
type lane struct {
	*Config
	source   source
	shared   bool // records share messages, and with that sequences
	dir      *directory
	manifest *manifest
	info     events.Info // of before the reading
	result   Result

	reached int64    // the newest hour
	open    *segment // that is being written; nil: none
	tables  []table
	stays   *stays // nil: nobody wants to know

	batch   []item // records that are held
	records []*events.Stored
	who     []names.Pseudonym
}

// openLane goes on with a source's manifest, or begins it.
func openLane(ctx context.Context, c *Config, d *directory, s source, manifest string) (*lane, error) {
	info, err := s.Info(ctx)
	if err != nil {
		return nil, err
	}
	m, err := openManifest(d, manifest, c.Key, c.head(info), func() (events.Seq, error) { return beginning(ctx, c.Since, s, info) })
	if err != nil {
		return nil, err
	}
	if m.removed != nil { // whoever wrote that may have been killed
		if err := d.removeAll(m.removed.Files); err != nil {
			m.close()
			return nil, err
		}
	}
	x := &lane{Config: c, source: s, dir: d, manifest: m, info: info}
	x.result.Position.Stream = info.Stream
	x.result.Position.Seq, x.reached = m.reached()
	return x, nil
}

// beginning is the record before the first that is exported.
func beginning(ctx context.Context, since time.Time, s source, info events.Info) (events.Seq, error) {
	if since.IsZero() {
		return max(info.First, 1) - 1, nil
	}
	for st, err := range s.Read(ctx, events.Range{Since: hourTime(hourOf(since))}) {
		if poison, ok := errors.AsType[*events.PoisonError](err); ok {
			return poison.Seq - 1, nil
		}
		if err != nil {
			return 0, err
		}
		return st.Seq - 1, nil
	}
	return info.Last, ctx.Err()
}

// run reads the source to its end.
func (x *lane) run(ctx context.Context) error {
	until := int64(1<<63 - 1)
	if !x.Until.IsZero() {
		until = hourOf(x.Until)
	}
	reached, last := x.reached, x.result.Position.Seq
	for st, err := range x.source.Read(ctx, x.rest()) {
		poison, damaged := errors.AsType[*events.PoisonError](err)
		if err != nil && !damaged {
			return errors.Join(err, x.flush(ctx)) // what was read need not be read again
		}
		it := item{st: st, poison: poison}
		if it.seq() < x.result.Position.Seq+1 {
			continue
		}
		it.place = placeOf(reached, it.seq(), it.at())
		it.first, last = it.seq() != last, it.seq()
		if reached = it.place.hour; reached >= until {
			return errors.Join(x.flush(ctx), x.seal()) // a record of a later hour shows that it is whole
		}
		if x.batch = append(x.batch, it); len(x.batch) == batched {
			if err := x.flush(ctx); err != nil {
				return err
			}
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := x.flush(ctx); err != nil {
		return err
	}
	return x.end()
}

// batched is how many records are held, so that the pseudonyms of their accounts cost a
// few round trips.
const batched = 4096

// flush writes the records that are held.
func (x *lane) flush(ctx context.Context) error {
	if err := x.name(ctx); err != nil {
		return err
	}
	for i := range x.batch {
		it := &x.batch[i]
		if err := x.enter(it.place); err != nil {
			return err
		}
		if err := x.take(it); err != nil {
			return err
		}
		if !x.shared && it.place.isLast(it.seq()) {
			if err := x.seal(); err != nil {
				return err
			}
		}
	}
	x.result.Records += uint64(len(x.batch))
	if n := len(x.batch); n > 0 {
		it := &x.batch[n-1]
		x.Progress(Progress{Seq: it.seq(), End: max(x.info.Last, it.seq()), At: time.Unix(0, it.at()), Records: x.result.Records})
	}
	clear(x.batch)
	x.batch = x.batch[:0]
	return nil
}

// name finds the pseudonyms of the records that are held.
func (x *lane) name(ctx context.Context) error {
	x.records, x.who = x.records[:0], x.who[:0]
	for i := range x.batch {
		if st := x.batch[i].st; st != nil {
			x.records, x.who = append(x.records, st), append(x.who, names.Pseudonym{})
		}
	}
	if err := x.Pseudonyms.OfAll(ctx, x.records, x.who); err != nil {
		return err
	}
	n := 0
	for i := range x.batch {
		if x.batch[i].st != nil {
			x.batch[i].who = x.who[n]
			n++
		}
	}
	return nil
}

// enter makes the segment of a place the open one.
func (x *lane) enter(p place) error {
	x.reached = p.hour
	if x.open != nil && x.open.place == p {
		return nil
	}
	if err := x.seal(); err != nil {
		return err
	}
	x.open = &segment{place: p, dir: x.dir, format: x.Format, about: x.about()}
	if x.shared {
		x.open.prefix = preFiles
	}
	x.open.From = x.result.Position.Seq + 1
	for _, t := range x.tables {
		if err := t.begin(x.open); err != nil {
			return err
		}
	}
	return nil
}

// about is what each file says of itself.
func (x *lane) about() map[string]string {
	return map[string]string{
		"rollcall.layout":  fmt.Sprint(layout),
		"rollcall.stream":  x.info.Stream,
		"rollcall.created": x.info.Created.UTC().Format(time.RFC3339Nano),
	}
}

// take gives a record to all tables.
func (x *lane) take(it *item) error {
	x.open.count(it)
	for _, t := range x.tables {
		if err := t.take(it); err != nil {
			return err
		}
	}
	if it.poison != nil {
		x.result.Damaged++
	}
	return nil
}

// seal ends the open segment, if there is one, for ever.
func (x *lane) seal() error {
	if x.open == nil {
		return nil
	}
	s := x.open
	x.open = nil
	if err := s.seal(); err != nil {
		return err
	}
	if err := x.keepState(s); err != nil {
		return err
	}
	if err := x.manifest.add(s.Segment); err != nil {
		return err
	}
	if x.stays != nil {
		if err := x.dir.clearStates(s.State); err != nil {
			return err
		}
	}
	x.result.Position.Seq = s.To
	x.result.Segments++
	return x.expire(s.Hour)
}

// keepState writes what the next segment goes on with.
func (x *lane) keepState(s *segment) error {
	if x.stays == nil {
		return nil
	}
	data, err := x.stays.encode()
	if err != nil {
		return err
	}
	s.State = &File{
		Path: fmt.Sprintf("%s%020d.zst", stateFolder, s.To), Rows: uint64(len(x.stays.open)), Bytes: int64(len(data)), SHA256: hashOf(data),
	}
	return x.dir.write(s.State.Path, data)
}

// end is what becomes of the open segment at the log's end: whole if its hour was over
// before the reading began.
func (x *lane) end() error {
	if x.open == nil || isOver(x.open.place.hour, x.info.Now) {
		return x.seal()
	}
	x.result.Open = x.open.To
	s := x.open
	x.open = nil
	return s.leaveOpen()
}

// close gives up what was not done.
func (x *lane) close() {
	x.manifest.close()

	if x.open != nil {
		x.open.abandon()
	}
}

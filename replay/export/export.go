package export

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"rollcall/events"
	"rollcall/replay"
	"rollcall/replay/names"
)

// A Result is what an export has done.
type Result struct {
	Position events.Position // up to which all is in segments that will not change
	Open     events.Seq      // up to which the files of the hour that goes on have it; 0: there are none
	Records  uint64          // that were read by this run
	Segments int             // that were written by it
	Damaged  uint64          // records among those read that can't be decoded
}

// Run exports what the log has that the directory has not, and returns. Errors wrap
// ErrForeign, ErrInUse, ErrManifest, ErrChoice, or are those of the log or the file
// system. Whatever ends it, the next run goes on behind the last segment that is whole.
func Run(ctx context.Context, c Config) (*Result, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	d, err := openDirectory(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	defer d.close()
	info, err := c.Log.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	m, err := openManifest(d, c.Key, c.head(info), func() (events.Seq, error) { return beginning(ctx, &c, info) })
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	defer m.close()
	x, err := newExporter(ctx, &c, d, m, info)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if err := x.run(ctx); err != nil {
		x.abandon()
		return nil, fmt.Errorf("export: %w", err)
	}
	return &x.result, nil
}

// beginning is the record before the first that is exported.
func beginning(ctx context.Context, c *Config, info events.Info) (events.Seq, error) {
	if c.Since.IsZero() {
		return max(info.First, 1) - 1, nil
	}
	for st, err := range c.Log.Read(ctx, events.Range{Since: hourTime(hourOf(c.Since))}) {
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

// An exporter is one run. All its fields are of one goroutine.
type exporter struct {
	*Config
	dir      *directory
	manifest *manifest
	info     events.Info
	result   Result

	reached int64    // the newest hour
	open    *segment // that is being written; nil: none
	tables  []table
	stays   *stays // nil: nobody wants to know

	batch   []item // records that are held
	records []*events.Stored
	who     []names.Pseudonym
}

// A table is a dataset: it makes rows of records, and says where they belong.
type table interface {
	// begin makes the files of a segment.
	begin(s *segment) error
	// take writes the rows of a record. The record may be kept.
	take(it *item) error
}

// An item is a record on its way into files.
type item struct {
	st     *events.Stored
	poison *events.PoisonError // in the place of st, of a record that can't be decoded
	who    names.Pseudonym
	place  place
}

func (it *item) seq() events.Seq {
	if it.poison != nil {
		return it.poison.Seq
	}
	return it.st.Seq
}

func (it *item) at() int64 {
	if it.poison != nil {
		return it.poison.At
	}
	return it.st.At
}

func newExporter(ctx context.Context, c *Config, d *directory, m *manifest, info events.Info) (*exporter, error) {
	x := &exporter{Config: c, dir: d, manifest: m, info: info}
	x.result.Position.Stream = info.Stream
	x.result.Position.Seq, x.reached = m.reached()
	if slices.Contains(c.Datasets, datasetEvents) {
		x.tables = append(x.tables, newEventTable(c))
	}
	sessions, online := slices.Contains(c.Datasets, datasetSessions), slices.Contains(c.Datasets, datasetOnline)
	if !sessions && !online {
		return x, nil
	}
	x.stays = newStays(c)
	x.tables = append(x.tables, newStayTable(x.stays, sessions, online, c.Names, x.reached))
	return x, x.findStays(ctx)
}

// findStays takes those that are open where the export goes on. Where the log has forgotten
// what comes next, those that are known are not those that are there.
func (x *exporter) findStays(ctx context.Context) error {
	if err := x.dir.clearStates(x.manifest.last.State); err != nil {
		return err
	}
	after := x.result.Position.Seq
	if f := x.manifest.last.State; f != nil && x.info.First <= after+1 {
		return x.stays.resume(x.dir, f)
	}
	return x.stays.start(ctx, replay.Archive{Log: x.Log, Keyframes: x.Keyframes}, max(after, x.info.First-1), x.info)
}

// run reads the log to its end.
func (x *exporter) run(ctx context.Context) error {
	until := int64(1<<63 - 1)
	if !x.Until.IsZero() {
		until = hourOf(x.Until)
	}
	reached := x.reached
	for st, err := range x.Log.Read(ctx, events.Range{After: x.result.Position.Seq}) {
		poison, damaged := errors.AsType[*events.PoisonError](err)
		if err != nil && !damaged {
			return errors.Join(err, x.flush(ctx)) // what was read need not be read again
		}
		it := item{st: st, poison: poison}
		it.place = placeOf(reached, it.seq(), it.at())
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
func (x *exporter) flush(ctx context.Context) error {
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
		if it.place.isLast(it.seq()) {
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
func (x *exporter) name(ctx context.Context) error {
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
func (x *exporter) enter(p place) error {
	x.reached = p.hour
	if x.open != nil && x.open.place == p {
		return nil
	}
	if err := x.seal(); err != nil {
		return err
	}
	x.open = &segment{place: p, dir: x.dir, format: x.Format, about: x.about()}
	x.open.From = x.result.Position.Seq + 1
	for _, t := range x.tables {
		if err := t.begin(x.open); err != nil {
			return err
		}
	}
	return nil
}

// about is what each file says of itself.
func (x *exporter) about() map[string]string {
	return map[string]string{
		"rollcall.layout":  fmt.Sprint(layout),
		"rollcall.stream":  x.info.Stream,
		"rollcall.created": x.info.Created.UTC().Format(time.RFC3339Nano),
	}
}

// take gives a record to all tables.
func (x *exporter) take(it *item) error {
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
func (x *exporter) seal() error {
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
	if err := x.dir.clearStates(s.State); err != nil {
		return err
	}
	x.result.Position.Seq = s.To
	x.result.Segments++
	return nil
}

// keepState writes what the next segment goes on with.
func (x *exporter) keepState(s *segment) error {
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
func (x *exporter) end() error {
	if x.open == nil || isOver(x.open.place.hour, x.info.Now) {
		return x.seal()
	}
	x.result.Open = x.open.To
	s := x.open
	x.open = nil
	return s.leaveOpen()
}

func (x *exporter) abandon() {
	if x.open != nil {
		x.open.abandon()
	}
}

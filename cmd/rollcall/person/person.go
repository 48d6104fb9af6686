package person

import (
	"archive/zip"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// ErrUnknown: there is nothing of such an account, nothing says that there ever was one,
// and no login failed for its name. Somebody may have asked about it all the same.
var ErrUnknown = errors.New("nothing is known of such an account, and no login failed for its name; rollcall audit --about tells who asked about it")

// Pre is what happens before there is an account; bus.Pre is one.
type Pre interface {
	replay.Pre
	Info(context.Context) (events.Info, error)
}

// Audit has every question about accounts on record; bus.Audit is one.
type Audit interface {
	Read(ctx context.Context, since, until time.Time) iter.Seq2[bus.AuditEntry, error]
}

// Known is where everything is kept that is known of accounts. All fields but Writing are
// required.
type Known struct {
	Archive replay.Archive
	Pre     Pre
	Names   *names.Names
	Keys    events.Documents // credentials, of which no secret is written
	Rosters events.Documents
	Audit   Audit
	// Writing is told of each file before it is written, for whoever watches.
	Writing func(name string)
}

// Write writes the zip of an account. It fails with ErrUnknown before anything is written.
// After any other error what was written is no zip. The error may be that of w.
func (k *Known) Write(ctx context.Context, w io.Writer, account events.JID) error {
	x, err := k.open(ctx, account)
	if err != nil {
		return fmt.Errorf("export %s: %w", account, err)
	}
	x.zip = zip.NewWriter(w)
	if err = x.writeAll(ctx); err == nil {
		err = x.zip.Close()
	}
	if err != nil {
		return fmt.Errorf("export %s: %w", account, err)
	}
	return nil
}

// An export is one zip while it is written. All of its tables end at the same moment.
type export struct {
	*Known
	account  events.JID
	log, pre events.Info
	encoder  *public.Encoder
	reading  replay.Span
	zip      *zip.Writer
	asked    time.Time // when the oldest entry of the audit was made; zero: there is none

	history          kept[record] // the account's
	failures, asking kept[row]
}

// open finds out whether there is anything to write.
func (k *Known) open(ctx context.Context, account events.JID) (x *export, err error) {
	x = &export{Known: k, account: account.Bare()}
	if x.log, err = k.Archive.Info(ctx); err != nil {
		return nil, err
	}
	if x.pre, err = k.Pre.Info(ctx); err != nil {
		return nil, err
	}
	x.reading = replay.Span{Of: x.account, Until: x.log.Now}
	x.encoder = public.NewEncoder(public.SourceOf(x.log), public.SourceOf(x.pre), public.Options{Whole: true})
	x.history = kept[record]{read: x.readHistory, size: record.size}
	x.failures = kept[row]{read: x.failed, size: rowSize}
	x.asking = kept[row]{read: x.questions, size: rowSize}
	_, err = k.Archive.Last(ctx, x.account)
	for _, docs := range []events.Documents{k.Keys, k.Rosters} {
		if errors.Is(err, events.ErrNotFound) {
			_, err = docs.Get(ctx, x.account)
		}
	}
	if errors.Is(err, events.ErrNotFound) {
		err = x.tried(ctx)
	}
	switch {
	case errors.Is(err, events.ErrNotFound):
		return nil, ErrUnknown
	case events.IsPoison(err):
		err = nil
	}
	return x, err
}

// tried fails with events.ErrNotFound if no login failed for the account's name.
func (x *export) tried(ctx context.Context) error {
	for _, err := range x.failures.all(ctx) {
		return err
	}
	return cmp.Or(ctx.Err(), events.ErrNotFound)
}

func (x *export) writeAll(ctx context.Context) error {
	tables := []table{x.accounts(), x.sessions(), x.logins(), x.failedLogins(), x.events(), x.contacts(), x.readers()}
	counts := make([]int, len(tables))
	for i := range tables {
		for _, f := range forms {
			n, err := x.write(ctx, &tables[i], f)
			if err != nil {
				return fmt.Errorf("%s: %w", tables[i].name, err)
			}
			counts[i] = n
		}
	}
	w, err := x.create("README.txt")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, x.readme(tables, counts))
	return err
}

func (x *export) create(name string) (io.Writer, error) {
	if x.Writing != nil {
		x.Writing(name)
	}
	return x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: x.log.Now})
}

func (x *export) write(ctx context.Context, t *table, f form) (count int, err error) {
	w, err := x.create(t.name + f.suffix)
	if err != nil {
		return 0, err
	}
	s := f.sink(w, t.columns)
	for r, err := range t.rows(ctx) {
		if err == nil {
			err = s.write(r)
		}
		if err != nil {
			return count, err
		}
		count++
	}
	if err := ctx.Err(); err != nil { // a table that was cut short must not look like a whole one
		return count, err
	}
	return count, s.close()
}

// each gives the rows that step makes of the account's records, in their order. Records
// that can't be decoded are passed over, but by the table of events.
func (x *export) each(ctx context.Context, step func(*events.Stored) (row, bool, error)) iter.Seq2[row, error] {
	return func(yield func(row, error) bool) {
		for st, err := range events.Intact(x.records(ctx)) {
			var r row
			meant := err != nil
			if err == nil {
				r, meant, err = step(st)
			}
			if (meant || err != nil) && !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// records are those of the account, as the log gives them.
func (x *export) records(ctx context.Context) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for r, err := range x.history.all(ctx) {
			if r.poison != nil {
				err = r.poison
			}
			if !yield(r.st, err) {
				return
			}
		}
	}
}

func (x *export) readHistory(ctx context.Context) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for st, err := range x.Archive.Read(ctx, events.Range{Account: x.account, Until: x.reading.Until}) {
			r := record{st: st}
			if poison, ok := errors.AsType[*events.PoisonError](err); ok {
				r, err = record{poison: poison}, nil
			}
			if !yield(r, err) {
				return
			}
		}
	}
}

// who is the pseudonym of a record's account, nil if it has none.
func (x *export) who(ctx context.Context, st *events.Stored) (any, error) {
	p, err := x.Names.Of(ctx, st)
	if err != nil || p.IsZero() {
		return nil, err
	}
	return p.String(), nil
}

// at is a time as all of it tells it.
func at(unixNano int64) any {
	if unixNano == 0 {
		return nil
	}
	return instant(time.Unix(0, unixNano))
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000000Z") }

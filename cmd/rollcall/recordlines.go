package main

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
)

// recordLines writes records, a line each, for people or for scripts.
type recordLines struct {
	con    *console
	table  *table
	public *publicLines // for scripts; nil: for people
	day    string       // of the last line
	count  int
	zone   string
	whole  bool // name the JID, not only the resource
}

func newRecordLines(ctx context.Context, con *console, b *bus.Bus, asJSON bool) (*recordLines, error) {
	if asJSON {
		var err error
		lines := linesUpTo(con, 0)
		lines.public, err = newPublicLines(ctx, con, b)
		return lines, err
	}
	log, err := b.Log().Info(ctx)
	if err != nil {
		return nil, err
	}
	return linesUpTo(con, log.Last), nil
}

// linesUpTo are for people. They have room for all sequences up to the last one, since the
// first lines may be shown before the others are found.
func linesUpTo(con *console, last events.Seq) *recordLines {
	zone := con.zoneName(time.Now())
	t := newTable(con, "SEQ", timeHead("TIME", zone), "EVENT", "RESOURCE", "DETAIL").sentences()
	t.widen([]string{strconv.FormatUint(uint64(last), 10)})
	return &recordLines{con: con, zone: zone, table: t}
}

// ofAll makes the lines name whole JIDs, for they are of many accounts.
func (r *recordLines) ofAll() {
	r.whole, r.table.head[3] = true, "JID"
}

// live makes every line appear at once, in columns that stay where they are: those
// that fit most lines, for the lines to come are not known.
func (r *recordLines) live() {
	if r.public != nil {
		r.public.limit = 1
	}
	who := leastName
	if r.whole {
		who = 24
	}
	const others, most = 90, 48 // with some room for details
	if n := r.con.columns(); n > 0 && n < others+who {
		r.table.gap = 1
	}
	r.table.fix(5, 12, 20, max(who, min(r.con.columns()-others, most)), 0)
}

// write writes one record. Where a day begins people get a line with its date.
func (r *recordLines) write(ctx context.Context, st *events.Stored) error {
	return r.writeHeld(ctx, st, "")
}

// writeHeld writes the end of a session with the connector that held it, if held is not "".
func (r *recordLines) writeHeld(ctx context.Context, st *events.Stored, held string) error {
	r.count++
	if r.public != nil {
		return r.public.write(ctx, st)
	}
	at := st.StoredAt().In(r.con.zone)
	if day := at.Format(time.DateOnly); day != r.day {
		r.day = day
		if err := r.table.row("", day); err != nil {
			return err
		}
	}
	seq := strconv.FormatUint(uint64(st.Seq), 10)
	if st.Event.Kind() >= events.KindConnected {
		seq = "-" // of another stream: not comparable
	}
	when := at.Format("15:04:05.000")
	if zone := at.Format("MST"); zone != r.zone {
		when += " " + zone // the other side of a change of the clocks
	}
	who := st.JID.Resource()
	if r.whole {
		who = whose(st).String()
	}
	return r.table.row(seq, when, st.Event.Kind().String(), who, inWords(append(detailsOf(st), set(field{"at", held})...)))
}

// damaged tells of a record that can't be decoded: scripts by its published form, people
// beside the lines.
func (r *recordLines) damaged(ctx context.Context, err error) error {
	if poison, ok := errors.AsType[*events.PoisonError](err); ok && r.public != nil {
		return r.public.damaged(ctx, poison)
	}
	r.con.say("%s", printable(err.Error()))
	return nil
}

func (r *recordLines) flush(ctx context.Context) error {
	if r.public != nil {
		return r.public.flush(ctx)
	}
	return r.table.flush()
}

// detailsOf are the fields that tell people more than the other columns do.
func detailsOf(st *events.Stored) []field {
	fields := fieldsOf(st.Event)
	switch e := st.Event.(type) {
	case events.Authenticated, events.Resumed:
		return append(fields, set(field{"at", st.Connector.Name})...)
	case events.Bound:
		if e.Requested == st.JID.Resource() {
			return nil
		}
	case events.Refreshed:
		return fields[:1] // the rest was said before
	case events.ConnectorStarted, events.ConnectorStopped:
		return incarnationFields(st.Connector)
	case events.ConnectorLost:
		return append(incarnationFields(e.Lost), field{"found_by", st.Connector.Name})
	}
	return fields
}

// incarnationFields name a connector where a record is about it.
func incarnationFields(i events.Incarnation) []field {
	return []field{{"connector", i.Name}, {"epoch", i.Epoch}}
}

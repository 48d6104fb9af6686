package export

import (
	"context"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

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
	first  bool // of its sequence
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

// makeTables makes the datasets that are wanted of the lane's source.
func (x *lane) makeTables(ctx context.Context) error {
	wanted := func(dataset string) bool { return slices.Contains(x.Datasets, dataset) }
	if wanted(datasetEvents) {
		x.tables = append(x.tables, newEventTable(x.Config, x.shared))
	}
	if wanted(datasetLogins) {
		x.tables = append(x.tables, newLoginTable(x.Config))
	}
	if x.shared || !wanted(datasetSessions) && !wanted(datasetOnline) {
		return nil
	}
	x.stays = newStays(x.Config)
	x.tables = append(x.tables, newStayTable(x.stays, x.Config, x.reached))
	return x.findStays(ctx)
}

// findStays takes those that are open where the export goes on. Where the log has forgotten
// what comes next, those that are known are not those that are there.
func (x *lane) findStays(ctx context.Context) error {
	if err := x.dir.clearStates(x.manifest.last.State); err != nil {
		return err
	}
	after := x.result.Position.Seq
	if f := x.manifest.last.State; f != nil && x.info.First <= after+1 {
		return x.stays.resume(x.dir, f)
	}
	return x.stays.start(ctx, replay.Archive{Log: x.Log, Keyframes: x.Keyframes}, max(after, x.info.First-1), x.info)
}

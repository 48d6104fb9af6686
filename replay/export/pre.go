package export

import (
	"context"
	"iter"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// preManifestName is the manifest of the events before there is an account. That is
// another stream, with sequences of its own, so it has segments and a chain of its own,
// and the names of its files say so.
const (
	preManifestName = "MANIFEST-RC_PRE.ndjson"
	preFiles        = "pre-"
)

// Pre is what happens before there is an account; bus.Pre is one. It forgets the oldest
// when it is full: records that it had forgotten before an export are missing, and whoever
// begins another directory later finds less. A directory keeps what it has.
type Pre interface {
	Read(ctx context.Context, since, until time.Time) iter.Seq2[*events.Stored, error]
	Info(ctx context.Context) (events.Info, error)
}

// A preSource reads it as a log is read.
type preSource struct{ Pre }

// Read gives the records of a range's time.
func (p preSource) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return p.Pre.Read(ctx, r.Since, r.Until)
}

// wantsPre reports that something of it is exported.
func (c *Config) wantsPre() bool {
	return c.Pre != nil && (slices.Contains(c.Datasets, datasetLogins) ||
		slices.Contains(c.Datasets, datasetEvents) && slices.Contains(c.Classes, classConnection))
}

// rest is what is to be read of the source. Of one that is read by time that is more: an
// hour before the newest that was exported, for clocks that are put back.
func (x *lane) rest() events.Range {
	r := events.Range{After: x.result.Position.Seq}
	if x.shared && x.reached > 0 {
		r.Since = hourTime(x.reached - 1)
	}
	return r
}

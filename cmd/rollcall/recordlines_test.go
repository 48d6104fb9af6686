package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A record that is found early is shown before it is known which others will
// be.
func TestLinesThatAreShownOneAfterTheOtherHaveTheSameColumns(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	lines := linesUpTo(&console{out: &b, zone: time.UTC}, 68_651)
	for _, seq := range []events.Seq{7, 68_000} {
		st := &events.Stored{Record: events.Record{JID: events.StoredJID("alice@localhost/desk"), Event: events.Closed{Reason: events.ReasonClient}}, Seq: seq, At: 1e18}
		if err := lines.write(t.Context(), st); err != nil {
			t.Fatal(err)
		}
		if err := lines.flush(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for line := range strings.Lines(b.String()) {
		if strings.Contains(line, "closed") && strings.Index(line, "closed") != strings.Index(b.String(), "EVENT") {
			t.Errorf("the columns move: %s", b.String())
		}
	}
}

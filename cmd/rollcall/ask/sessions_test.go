package ask

import (
	"context"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
)

// watched is a log that remembers whose records were read.
type watched struct {
	*bustest.Log
	of []string
}

func (w *watched) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	w.of = append(w.of, r.Account.String())
	return w.Log.Read(ctx, r)
}

// Of a span of time the sessions of some accounts are found among what these have done.
func TestTheSessionsOfSomeAccountsAreReadByThemselves(t *testing.T) {
	t.Parallel()
	c := newChronicle(t)
	for _, jid := range []string{"carol@localhost/a", "alice@localhost/a", "bob@localhost/a", "alice@localhost/b"} {
		id := events.NewSessionID(time.Now())
		c.write(id, strings.Split(jid, "/")[0], events.Authenticated{Mechanism: "PLAIN"})
		c.write(id, jid, events.Bound{}, events.Closed{Reason: events.ReasonClient})
	}
	log := &watched{Log: c.log}
	source := &Source{Archive: replay.Archive{Log: log}}
	span := replay.Span{Until: time.Now().Add(time.Hour)}
	for text, want := range map[string]struct{ found, read string }{
		"account:alice@localhost,carol@localhost": {"carol@localhost/a alice@localhost/a alice@localhost/b", "alice@localhost carol@localhost"},
		"account:carol@localhost reason:client":   {"carol@localhost/a", "carol@localhost"},
		"account:carol@localhost reason:kicked":   {"", "carol@localhost"},
		"-account:alice@localhost":                {"carol@localhost/a bob@localhost/a", ""},
	} {
		f, err := filter.ParseSessions(text)
		if err != nil {
			t.Fatal(err)
		}
		log.of = nil
		list, err := source.Lifetimes(t.Context(), Which{Filter: f}, span)
		if err != nil {
			t.Fatal(err)
		}
		var found []string
		for i := range list {
			found = append(found, list[i].JID.String())
		}
		if got := strings.Join(found, " "); got != want.found {
			t.Errorf("%s finds %q, not %q", text, got, want.found)
		}
		if read := strings.Join(slices.Compact(log.of), " "); read != want.read {
			t.Errorf("for %s %q are read, not %q", text, read, want.read)
		}
	}
}

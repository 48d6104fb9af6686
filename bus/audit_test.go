package bus_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

func entries(t *testing.T, a *bus.Audit, since, until time.Time) (texts []string, at []time.Time) {
	t.Helper()
	for e, err := range a.Read(within(t), since, until) {
		must(t, err)
		texts, at = append(texts, string(e.Data)), append(at, e.At)
	}
	return texts, at
}

func TestTheAuditGivesBackWhatWasAppendedInASpanOfTime(t *testing.T) {
	t.Parallel()
	a := embedded(t).Audit()
	if got, _ := entries(t, a, time.Time{}, time.Time{}); got != nil {
		t.Errorf("of nothing it gives %q", got)
	}
	want := []string{"first", "second", "third"}
	for _, text := range want {
		must(t, a.Append(within(t), []byte(text)))
	}
	got, at := entries(t, a, time.Time{}, time.Time{})
	if !slices.Equal(got, want) {
		t.Fatalf("it gives %q", got)
	}
	if got, _ := entries(t, a, at[1], at[2]); !slices.Equal(got, want[1:2]) {
		t.Errorf("from the second to before the third it gives %q", got)
	}
	if got, _ := entries(t, a, at[2].Add(1), time.Time{}); got != nil {
		t.Errorf("after the last it gives %q", got)
	}
	got = nil
	for e, err := range a.ReadRange(within(t), events.Range{After: 1, To: 2}) {
		must(t, err)
		got = append(got, string(e.Data))
	}
	if info, err := a.Info(within(t)); !slices.Equal(got, want[1:2]) || err != nil || info.First != 1 || info.Last != 3 {
		t.Errorf("of its second place it gives %q; it goes from %d to %d, %v", got, info.First, info.Last, err)
	}
	if err := a.Append(within(t), make([]byte, bus.MaxAuditEntry+1)); !errors.Is(err, events.ErrTooLarge) {
		t.Errorf("an entry that is too large: %v", err)
	}
}

func TestNobodyCanRemoveFromTheAudit(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	a := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)}).Audit()
	must(t, a.Append(within(t), []byte("entry")))
	_, js := raw(t, s.URL(), s.Login())
	stream, err := js.Stream(within(t), "RC_AUDIT")
	must(t, err)
	if stream.DeleteMsg(within(t), 1) == nil || stream.Purge(within(t)) == nil {
		t.Error("the server removes it")
	}
	if got, _ := entries(t, a, time.Time{}, time.Time{}); !slices.Equal(got, []string{"entry"}) {
		t.Errorf("it gives %q", got)
	}
}

// Where nothing can be put on record whoever asks has to be told.
func TestAnAuditThatCannotBeReachedSaysSo(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s), AttemptTimeout: 200 * time.Millisecond})
	_, js := raw(t, s.URL(), s.Login())
	must(t, js.DeleteStream(within(t), "RC_AUDIT"))
	if err := b.Audit().Append(within(t), []byte("entry")); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("append: %v", err)
	}
}

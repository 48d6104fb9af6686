package logins_test

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
	"github.com/rollcall-xmpp/rollcall/replay/logins"
)

// A stream is one in memory, which may begin at any sequence.
type stream struct {
	events.Log
	list []*events.Stored
}

// Read implements events.Log.
func (s *stream) Read(_ context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	list := s.list
	return func(yield func(*events.Stored, error) bool) {
		for _, st := range list {
			if st.Seq <= r.After || r.To > 0 && st.Seq > r.To || !r.Account.IsZero() && st.Account() != r.Account ||
				st.StoredAt().Before(r.Since) || !r.Until.IsZero() && !st.StoredAt().Before(r.Until) {
				continue
			}
			if !yield(st, nil) {
				return
			}
		}
	}
}

func (s *stream) ReadRange(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return s.Read(ctx, r)
}

// Info implements events.Log.
func (s *stream) Info(context.Context) (i events.Info, err error) {
	if n := len(s.list); n > 0 {
		i.First, i.Last, i.Records = s.list[0].Seq, s.list[n-1].Seq, uint64(n)
	}
	return i, nil
}

// A world has two streams, whose clock goes on.
type world struct {
	log, pre stream
	now      int64
}

func newWorld(first, firstPre events.Seq) *world {
	w := &world{now: 1_767_323_045_000_000_000}
	// The records before it are forgotten.
	w.add(&w.log, first, 0, events.Bound{})
	w.add(&w.pre, firstPre, 0, events.Connected{})
	return w
}

func (w *world) add(s *stream, seq events.Seq, part uint32, e events.Event) *events.Stored {
	st := &events.Stored{Seq: seq, Part: part, At: w.now}
	st.JID, st.Event = alice, e
	s.list = append(s.list, st)
	return st
}

var (
	alice = events.StoredJID("alice@localhost")
	bob   = events.StoredJID("bob@localhost")
)

// grow adds a record that is a login or none, at the same time as the one before or later;
// one before authentication may share a message with the one before it.
func (w *world) grow(t *rapid.T, bundles bool) {
	w.now += rapid.SampledFrom([]int64{0, 0, 1, int64(time.Second)}).Draw(t, "later")
	s, kinds := &w.log, []events.Event{events.Authenticated{Address: "192.0.2.1:1"}, events.Resumed{Address: "192.0.2.2:1"}, events.Bound{}, events.Closed{}}
	if rapid.Bool().Draw(t, "pre") {
		s, kinds = &w.pre, []events.Event{events.AuthFailed{Address: "192.0.2.1:1"}, events.AuthFailed{Address: "192.0.2.2:1"}, events.Connected{}, events.Disconnected{}}
	}
	last := s.list[len(s.list)-1]
	seq, part := last.Seq+1, uint32(0)
	if bundles && s == &w.pre && rapid.Bool().Draw(t, "bundled") {
		seq, part, w.now = last.Seq, last.Part+1, max(w.now, last.At)
	}
	st := w.add(s, seq, part, rapid.SampledFrom(kinds).Draw(t, "event"))
	if part > 0 {
		st.At = last.At // those of one message
	}
	st.JID = rapid.SampledFrom([]events.JID{alice, bob}).Draw(t, "account")
}

// byTime is the order of logins, the log's first of those at one time.
func byTime(a, b *events.Stored) int {
	pre := func(st *events.Stored) int {
		if st.Event.Kind() == events.KindAuthFailed {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(a.At, b.At), pre(a)-pre(b))
}

// want is what a question means, by looking at everything.
func (w *world) want(q *logins.Question) (list []*events.Stored) {
	for _, st := range slices.Concat(w.log.list, w.pre.list) {
		if logins.Is(st) && (q.Filter == nil || q.Filter.Event(st)) && !st.StoredAt().Before(q.Since) && (q.Until.IsZero() || st.StoredAt().Before(q.Until)) {
			list = append(list, st)
		}
	}
	slices.SortStableFunc(list, byTime)
	if q.Newest {
		slices.Reverse(list)
	}
	return list
}

func parsed(t interface{ Fatal(...any) }, text string) *filter.Filter {
	f, err := filter.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// page reads some of the logins that are left from a place, as one request does: so many
// logins, and so many records at most.
func (w *world) page(t *rapid.T, q logins.Question, limit, budget int) (list []*events.Stored, next logins.Place, complete bool) {
	q.Go = func() bool { budget--; return budget >= 0 }
	source := logins.Source{Log: &w.log, Pre: &w.pre}
	r, err := source.Open(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for st, err := range r.All() {
		if err != nil {
			t.Fatal(err)
		}
		if list = append(list, st); len(list) == limit {
			break
		}
	}
	next, err = logins.ParsePlace(r.Place().String())
	if err != nil {
		t.Fatal(err)
	}
	return list, next, r.Complete()
}

// However a question is paged, its pages together have each login once, in order, and those
// that come meanwhile if the oldest come first.
func TestPagesTogetherAreAllLogins(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(events.Seq(rapid.IntRange(1, 100_000).Draw(t, "first")), events.Seq(rapid.IntRange(1, 9).Draw(t, "first pre")))
		for range rapid.IntRange(0, 40).Draw(t, "records") {
			w.grow(t, true)
		}
		q := logins.Question{Newest: rapid.Bool().Draw(t, "newest")}
		if text := rapid.SampledFrom([]string{"", "type:auth_failed", "type:resumed,auth_failed", "address:192.0.2.1", "account:alice@localhost", "agent:x", "-account:bob@localhost"}).Draw(t, "filter"); text != "" {
			q.Filter = parsed(t, text)
		}
		begin := w.log.list[0].StoredAt()
		if rapid.Bool().Draw(t, "limited") {
			q.Since = begin.Add(time.Duration(rapid.IntRange(-1, 20).Draw(t, "since")) * time.Second)
			q.Until = q.Since.Add(time.Duration(rapid.IntRange(1, 20).Draw(t, "until")) * time.Second)
		}
		want, grows := w.want(&q), rapid.Bool().Draw(t, "grows")
		var got []*events.Stored
		for complete := false; !complete; {
			var list []*events.Stored
			var next logins.Place
			list, next, complete = w.page(t, q, rapid.IntRange(1, 5).Draw(t, "limit"), rapid.IntRange(1, 10).Draw(t, "budget"))
			got, q.From = append(got, list...), &next
			if grows && !complete && len(w.log.list) < 60 {
				w.grow(t, false)
			}
		}
		if grows && !q.Newest { // what came at the time of a login that was given already is given later
			want = w.want(&q)
			slices.SortStableFunc(got, byTime)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("there come %v, want %v", got, want)
		}
	})
}

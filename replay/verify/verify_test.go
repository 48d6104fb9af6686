package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

// check runs a verification that must be able to read all.
func (w *world) check(log events.Log, since replay.Moment) *Report {
	w.t.Helper()
	r, err := Run(w.t.Context(), Config{Log: log, Keyframes: w.frames, Since: since})
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// sound fails unless there is nothing wrong but records that can't be decoded.
func (r *Report) sound(t *testing.T, what string) {
	t.Helper()
	if r.Wrong != 0 || r.Mismatched != 0 || r.Missing != 0 || uint64(len(r.Faults)) != r.Poison {
		t.Errorf("%s: %+v", what, r.Tally)
	}
}

func TestAnIntactLogIsFoundIntact(t *testing.T) {
	t.Parallel()
	w, names := week(t)
	r := w.check(w, replay.Moment{})
	r.sound(t, "as it is")
	at, want := w.table.Hash()
	end, got := r.Table.Hash()
	if got != want || end.Seq != at.Seq || r.Keyframes != len(names) || len(r.Passed) != 0 || r.After != 0 || r.Begins != 0 {
		t.Errorf("%+v", r)
	}
	if r.Records+r.Poison != uint64(w.end()) || r.Poison != 7 || r.Accounts != 15 {
		t.Errorf("%d records and %d poison of %d accounts, there are %d", r.Records, r.Poison, r.Accounts, w.end())
	}
	none, err := Run(t.Context(), Config{Log: w})
	if err != nil {
		t.Fatal(err)
	}
	none.sound(t, "without keyframes")
	if _, got := none.Table.Hash(); got != want || none.Records != r.Records || none.Accounts != r.Accounts {
		t.Errorf("without keyframes: %+v", none)
	}
}

func TestAnEmptyLogIsIntact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.check(w, replay.Moment{})
	r.sound(t, "an empty log")
	if r.Records != 0 || r.Table.Stats().Sessions != 0 {
		t.Errorf("%+v", r)
	}
}

// Each fault is found, and in the part where it is.
func TestAFaultIsNamedWithItsPart(t *testing.T) {
	t.Parallel()
	isPriority := func(st *events.Stored) bool {
		_, ok := st.Event.(events.PresenceAvailable)
		return ok && st.JID.Local() == "alice"
	}
	isLogin := func(st *events.Stored) bool { _, ok := st.Event.(events.Bound); return ok && st.JID.Local()[0] == 'v' }
	for day := range 6 {
		w, names := week(t)
		after, to := events.Seq(0), names[day].Seq
		if day > 0 {
			after = names[day-1].Seq
		}
		alice, login := w.find(after+1, isPriority), w.find(after+1, isLogin)
		if day == 0 {
			alice = w.find(alice, isPriority) // the first was her login's
		}
		for _, c := range []struct {
			name string
			edit map[events.Seq]func(*events.Stored) error
			seq  events.Seq // of the first fault
			text string
		}{
			{"a flip", map[events.Seq]func(*events.Stored) error{alice: func(st *events.Stored) error {
				st.Event = events.PresenceAvailable{Priority: 99, Stanza: "<presence/>"}
				return nil
			}}, w.find(after, func(st *events.Stored) bool { return st.JID.Local() == "alice" }), "another alice@localhost/r100 than the log gives (priority)"},
			{"a flip that can't be decoded", map[events.Seq]func(*events.Stored) error{login: func(st *events.Stored) error {
				return &events.PoisonError{Seq: st.Seq, At: st.At, Err: events.ErrUndecodable}
			}}, login, "undecodable"},
			{"a drop", map[events.Seq]func(*events.Stored) error{login: nil}, login, fmt.Sprintf("record %d is not there", login)},
			{"a swap", swap(w, alice-1, alice), w.find(alice, func(st *events.Stored) bool { return st.Event.Kind() == events.KindClosed }), "was appended after"},
		} {
			r := w.check(doctored{w, c.edit}, replay.Moment{})
			f, found := first(r)
			if !found || f.Seq != c.seq || f.After != after || f.To != to || !strings.Contains(f.Text, c.text) {
				t.Errorf("day %d, %s: %+v, want %q at %d, of %d to %d", day, c.name, r.Faults, c.text, c.seq, after, to)
			}
			if r.Keyframes+r.Wrong != len(names) || r.Wrong != 1 && c.name != "a swap" || r.Wrong+int(r.Mismatched) == 0 {
				t.Errorf("day %d, %s: %+v", day, c.name, r)
			}
		}
	}
}

// first is the first fault that is not the poison of any week.
func first(r *Report) (Fault, bool) {
	for _, f := range r.Faults {
		if !strings.Contains(f.Text, "0xc1 is no array") {
			return f, true
		}
	}
	return Fault{}, false
}

// swap exchanges what two places have.
func swap(w *world, a, b events.Seq) map[events.Seq]func(*events.Stored) error {
	put := func(o events.Seq) func(*events.Stored) error {
		return func(st *events.Stored) error {
			st.Record = w.stored[o-1].Record
			return nil
		}
	}
	return map[events.Seq]func(*events.Stored) error{a: put(b), b: put(a)}
}

func TestAStrangersRecordIsNoLoss(t *testing.T) {
	t.Parallel()
	w, names := week(t)
	w.stranger("alice@localhost", 0)
	foreign := w.end()
	w.priority(100, "alice@localhost", 1)
	w.keyframe()
	w.stranger("v0@localhost", 3)
	r := w.check(w, replay.Moment{})
	f, _ := first(r)
	if r.Mismatched != 2 || r.Foreign != 2 || r.Wrong != 0 || r.Missing != 0 || f.Seq != foreign || f.After != names[5].Seq || r.Unknown != 2 {
		t.Errorf("%+v", r)
	}
}

func TestARecordOnTopOfOneThatIsNotThereIsALoss(t *testing.T) {
	t.Parallel()
	w, _ := week(t)
	w.stranger("erin@localhost", 5)
	r := w.check(w, replay.Moment{})
	if f, _ := first(r); r.Mismatched != 1 || r.Foreign != 0 || f.Text != "unknown_250 of erin@localhost was appended after 5, but 0 came before it" {
		t.Errorf("%+v", r)
	}
}

func TestAKeyframeThatIsWrongIsNamed(t *testing.T) {
	t.Parallel()
	w, names := week(t)
	wrong := projector.NewTable()
	for i := range w.stored[:names[3].Seq] {
		st := w.stored[i]
		if e, ok := st.Event.(events.Bound); ok && st.JID.Local() == "v3" {
			st.Event, st.JID = e, events.StoredJID("v3@localhost/another")
		}
		if st.Event != nil {
			wrong.Fold(&st)
		}
	}
	if err := w.frames.Remove(t.Context(), names[3]); err != nil {
		t.Fatal(err)
	}
	w.last = w.stored[names[3].Seq-1]
	w.write(wrong)
	r := w.check(w, replay.Moment{})
	f, _ := first(r)
	if r.Wrong != 2 || r.Keyframes != 4 || f.After != names[2].Seq || f.To != names[3].Seq || !strings.Contains(f.Text, "v3@localhost/another") {
		t.Errorf("%+v", r)
	}
}

// The table's own hash leaves the address out, and the role.
func TestAKeyframeInWhichNothingButAnAddressOrARoleIsAnotherIsWrong(t *testing.T) {
	t.Parallel()
	for part, change := range map[string]func(*events.Authenticated){
		"address": func(e *events.Authenticated) { e.Address = "192.0.2.1:5222" },
		"role":    func(e *events.Authenticated) { e.Role = "staff" },
	} {
		w := newWorld(t)
		w.online(1, "alice@localhost")
		other := projector.NewTable()
		for _, st := range w.stored {
			if e, ok := st.Event.(events.Authenticated); ok {
				change(&e)
				st.Event = e
			}
			other.Fold(&st)
		}
		w.write(other)
		r := w.check(w, replay.Moment{})
		if f, _ := first(r); r.Wrong != 1 || !strings.HasSuffix(f.Text, "alice@localhost/r1 than the log gives ("+part+")") {
			t.Errorf("another %s: %+v", part, r)
		}
	}
}

// Builds of format 2 knew no roles, and while connectors are updated one such may still write
// keyframes of sessions that have some.
func TestAKeyframeOfAnOlderFormIsNotWrongForLackOfRoles(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.do("alice@localhost", session.Authenticate{Session: sid(1), Mechanism: "PLAIN", Role: "staff", AsOf: 1 << 60})
	w.do("alice@localhost", session.Bind{Session: sid(1), Resource: "r1"})
	older := projector.NewTable()
	for _, st := range w.stored {
		if e, ok := st.Event.(events.Authenticated); ok {
			e.Role = ""
			st.Event = e
		}
		older.Fold(&st)
	}
	name := w.write(older)
	data, err := w.frames.Read(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.frames.Remove(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	name.Format = 2
	data[4] = 2
	if err := w.frames.Create(t.Context(), name, data); err != nil {
		t.Fatal(err)
	}
	w.priority(1, "alice@localhost", 3)
	w.keyframe() // of this build, which knows the role
	if r := w.check(w, replay.Moment{}); r.Wrong != 0 || r.Keyframes != 2 {
		t.Errorf("%+v", r)
	}
}

func TestDamagedKeyframesArePassedOver(t *testing.T) {
	t.Parallel()
	for name, bad := range map[string][]int{"one": {2}, "the first": {0}, "the last": {5}, "a run": {1, 2, 3}, "all": {0, 1, 2, 3, 4, 5}} {
		w, names := week(t)
		for _, i := range bad {
			w.frames.Damage(names[i], func(b []byte) []byte { b[len(b)/2] ^= 1; return b })
		}
		r := w.check(w, replay.Moment{})
		r.sound(t, name)
		if r.Keyframes != len(names)-len(bad) || len(r.Passed) != len(bad) || r.Records+r.Poison != uint64(w.end()) {
			t.Errorf("%s: %+v", name, r)
		}
		for i, u := range r.Passed {
			if u.Keyframe != names[bad[i]] || !errors.Is(u.Err, events.ErrDamaged) {
				t.Errorf("%s: passed over %v", name, u)
			}
		}
		_, want := w.table.Hash()
		if _, got := r.Table.Hash(); got != want {
			t.Errorf("%s: hash %s, want %s", name, got, want)
		}
	}
}

func TestAFaultBehindADamagedKeyframeIsFoundByTheNextOne(t *testing.T) {
	t.Parallel()
	w, names := week(t)
	w.frames.Damage(names[2], func(b []byte) []byte { return b[:len(b)/2] })
	flipped := w.find(names[1].Seq, func(st *events.Stored) bool {
		return st.Event.Kind() == events.KindPresenceAvailable && st.JID.Local() == "v2"
	})
	r := w.check(doctored{w, map[events.Seq]func(*events.Stored) error{flipped: func(st *events.Stored) error {
		st.Event = events.CarbonsEnabled{}
		return nil
	}}}, replay.Moment{})
	f, _ := first(r)
	if r.Wrong != 1 || f.To != names[3].Seq || !strings.Contains(f.Text, "v2@localhost") {
		t.Errorf("%+v", r)
	}
}

func TestKeyframesOfOthersArePassedOver(t *testing.T) {
	t.Parallel()
	w, names := week(t)
	for name, k := range map[string]events.Keyframe{
		"of another format": {Format: keyframe.Format + 1, Created: names[0].Created, Seq: 7, At: 7},
		"of another log":    {Format: keyframe.Format, Created: 1, Seq: 8, At: 8},
		"of the future":     {Format: keyframe.Format, Created: names[0].Created, Seq: 1000, At: 9},
	} {
		if err := w.frames.Create(t.Context(), k, []byte(name)); err != nil {
			t.Fatal(err)
		}
	}
	r := w.check(w, replay.Moment{})
	r.sound(t, "with others'")
	if len(r.Passed) != 3 || r.Keyframes != len(names) {
		t.Errorf("%+v", r)
	}
}

func TestACheckSinceAMomentReadsNoMoreThanThat(t *testing.T) {
	t.Parallel()
	w, names := week(t)
	for _, c := range []struct {
		name  string
		since replay.Moment
		after events.Seq
	}{
		{"at a keyframe", replay.Moment{Seq: names[3].Seq}, names[3].Seq},
		{"behind it", replay.Moment{Seq: names[3].Seq + 1}, names[3].Seq},
		{"before the first", replay.Moment{Seq: names[0].Seq - 1}, 0},
		{"behind the last", replay.Moment{Seq: w.end()}, names[5].Seq},
		{"by time", replay.Moment{Time: names[4].StoredAt()}, names[4].Seq},
	} {
		r := w.check(w, c.since)
		r.sound(t, c.name)
		if r.After != c.after || r.Records+r.Poison != uint64(w.end()-c.after) {
			t.Errorf("%s: %+v, want those after %d", c.name, r, c.after)
		}
		_, want := w.table.Hash()
		if _, got := r.Table.Hash(); got != want {
			t.Errorf("%s: hash %s, want %s", c.name, got, want)
		}
	}
	w.frames.Damage(names[3], func(b []byte) []byte { return b[:3] })
	if r := w.check(w, replay.Moment{Seq: names[3].Seq}); r.After != names[2].Seq || len(r.Passed) != 1 {
		t.Errorf("behind a damaged one: %+v", r)
	}
	if _, err := Run(t.Context(), Config{Log: w, Since: replay.Moment{Seq: w.end() + 1}}); !errors.Is(err, replay.ErrFuture) {
		t.Errorf("since the future: %v", err)
	}
	// The account of the base's own session is known.
	w.stranger("alice@localhost", names[5].Seq-20)
	if r := w.check(w, replay.Moment{Seq: names[5].Seq}); r.Foreign != 1 {
		t.Errorf("a stranger's record: %+v", r)
	}
}

func TestACheckGoesOnToWhatHasComeSince(t *testing.T) {
	t.Parallel()
	w, _ := week(t)
	r := w.check(w, replay.Moment{})
	before := r.Records
	w.do("alice@localhost", session.Kick{})
	w.stranger("v1@localhost", 1)
	if err := r.Extend(t.Context(), w.end()); err != nil {
		t.Fatal(err)
	}
	_, want := w.table.Hash()
	if _, got := r.Table.Hash(); got != want || r.Records != before+2 || r.Foreign != 1 || r.Mismatched != 1 {
		t.Errorf("%+v", r)
	}
	if err := r.Extend(t.Context(), 3); err != nil {
		t.Errorf("back: %v", err)
	}
	if err := r.Extend(t.Context(), w.end()+1); !errors.Is(err, replay.ErrFuture) {
		t.Errorf("beyond the end: %v", err)
	}
}

func TestALogThatCannotBeReadIsNotVerified(t *testing.T) {
	t.Parallel()
	w, _ := week(t)
	w.frames.Fail(events.ErrUnavailable)
	if _, err := Run(t.Context(), Config{Log: w, Keyframes: w.frames}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("without the keyframes: %v", err)
	}
	w.frames.Fail(nil)
	w.Partition(true)
	if _, err := Run(t.Context(), Config{Log: w, Keyframes: w.frames}); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("without the log: %v", err)
	}
}

// Wherever the log begins, nothing is wrong with that, and the table is whole from the
// first keyframe on.
func TestALogWhoseBeginningIsForgottenIsIntact(t *testing.T) {
	t.Parallel()
	w, names := week(t)
	_, want := w.table.Hash()
	for first := events.Seq(2); first <= w.end(); first++ {
		r := w.check(aged{w, first}, replay.Moment{})
		what := fmt.Sprint("from ", first, " on")
		r.sound(t, what)
		whole := first <= names[5].Seq+1
		if _, got := r.Table.Hash(); (got == want) != whole || (r.Begins == 0) != whole {
			t.Errorf("%s: the table is whole: %v, it begins at %d", what, got == want, r.Begins)
		}
		if r.Records+r.Poison != uint64(w.end()-first+1) {
			t.Errorf("%s: %+v", what, r.Tally)
		}
	}
}

func TestWhatRetentionRemovesWhileItIsCheckedIsNotLost(t *testing.T) {
	t.Parallel()
	w, _ := week(t)
	for first := events.Seq(2); first <= w.end(); first += 7 {
		r := w.check(aging{aged{w, first}, new(atomic.Bool)}, replay.Moment{})
		if r.Mismatched > 0 || r.Missing > 0 || r.Wrong > 0 {
			t.Errorf("from %d on: %+v", first, r)
		}
	}
}

// A fault in the part that is left is found though the part that it is in lacks its
// beginning.
func TestAFaultInAPartWithoutItsBeginningIsFound(t *testing.T) {
	t.Parallel()
	w, names := week(t)
	login := w.find(names[1].Seq+1, func(st *events.Stored) bool { return st.Event.Kind() == events.KindAuthenticated })
	flipped := w.find(login, func(st *events.Stored) bool {
		return st.Event.Kind() == events.KindPresenceAvailable && st.JID.Local() == "v2"
	})
	r := w.check(aged{doctored{w, map[events.Seq]func(*events.Stored) error{flipped: func(st *events.Stored) error {
		st.Event = events.CarbonsEnabled{}
		return nil
	}}}, login}, replay.Moment{})
	if f, _ := first(r); r.Wrong != 1 || f.To != names[2].Seq || !strings.Contains(f.Text, "v2@localhost") {
		t.Errorf("%+v", r)
	}
}

// Whichever record is gone, it is named, and so is its part.
func TestEachRecordThatIsGoneIsNamed(t *testing.T) {
	t.Parallel()
	w, names := week(t)
	for gone := events.Seq(1); gone <= w.end(); gone++ {
		if w.stored[gone-1].Event == nil {
			continue
		}
		part := 0
		for part < len(names) && names[part].Seq < gone {
			part++
		}
		after := events.Seq(0)
		if part > 0 {
			after = names[part-1].Seq
		}
		r := w.check(doctored{w, map[events.Seq]func(*events.Stored) error{gone: nil}}, replay.Moment{})
		named := slices.ContainsFunc(r.Faults, func(f Fault) bool {
			return f.Text == fmt.Sprintf("record %d is not there", gone) && f.Seq == gone && f.After == after
		})
		if !named || r.Missing != 1 {
			t.Errorf("without %d: %+v", gone, r)
		}
	}
}

func TestAKeyframeThatIsWrittenDuringACheckIsNoFault(t *testing.T) {
	t.Parallel()
	w, names := week(t)
	r, err := Run(t.Context(), Config{Log: w, Keyframes: busy{w.frames, w}})
	if err != nil || len(r.Passed) > 0 || r.Keyframes != len(names) {
		t.Errorf("%+v, %v", r, err)
	}
}

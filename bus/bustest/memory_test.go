package bustest

import (
	"errors"
	"iter"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestMemoryKeepsTheContract(t *testing.T) {
	t.Parallel()
	TestLog(t, func(*testing.T) events.Log { return NewLog() })
}

func TestKeyframesInMemoryKeepTheContract(t *testing.T) {
	t.Parallel()
	TestKeyframes(t, func(*testing.T) events.Keyframes { return NewKeyframes() })
}

// settled appends until the outcome is known, as a caller of a log must.
func settled(t *testing.T, l *Log, r *events.Record) {
	for {
		_, err := l.Append(t.Context(), r)
		if err == nil {
			return
		}
		next, nextErr := l.Next(t.Context(), r.JID, r.Prev)
		if nextErr == nil && next.ID == r.ID {
			return
		}
		if nextErr == nil {
			t.Fatalf("%v: record %v is in the place of %v", err, next.ID, r.ID)
		}
	}
}

func TestFaultsNeverStoreARecordTwice(t *testing.T) {
	t.Parallel()
	const records = 40
	for seed := range uint64(50) {
		l := NewLog()
		l.Inject(Faults{Seed: seed, LostAck: .15, LostRequest: .15, LateRequest: .15, InFlight: .15, Unavailable: .15, ReadFails: .2})
		var ids []events.EventID
		for n := range records {
			r := record(alice, events.Seq(n), "")
			settled(t, l, r)
			ids = append(ids, r.ID)
		}
		l.Inject(Faults{})
		l.Settle()
		for s, err := range l.Read(t.Context(), events.Range{}) {
			if err != nil || len(ids) == 0 || s.ID != ids[0] {
				t.Fatalf("seed %d: record %v, %v", seed, s, err)
			}
			ids = ids[1:]
		}
		if len(ids) > 0 {
			t.Errorf("seed %d: %d records are missing", seed, len(ids))
		}
	}
}

func TestAFollowerWaitsOutAPartition(t *testing.T) {
	t.Parallel()
	l := NewLog()
	settled(t, l, record(alice, 0, "a"))
	l.Partition(true)
	if _, err := l.Append(t.Context(), record(alice, 1, "b")); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("append: %v", err)
	}
	var got []error
	for s, err := range l.Follow(t.Context(), 0) {
		got = append(got, err)
		if s != nil {
			break
		}
		l.Partition(false)
	}
	if len(got) != 2 || !errors.Is(got[0], events.ErrUnavailable) || got[1] != nil {
		t.Errorf("followed %v", got)
	}
}

func TestPoisonIsGivenAndPassedOver(t *testing.T) {
	t.Parallel()
	l := NewLog()
	l.Poison(alice, []byte{0xc1})
	settled(t, l, record(alice, 1, "b"))
	var poison *events.PoisonError
	n := 0
	for s, err := range l.Read(t.Context(), events.Range{Account: alice}) {
		if n++; n == 1 && !errors.As(err, &poison) || n == 2 && (err != nil || s.Seq != 2) {
			t.Errorf("record %d: %v, %v", n, s, err)
		}
	}
	if n != 2 || poison.Seq != 1 {
		t.Errorf("%d records, poison at %d", n, poison.Seq)
	}
	for _, since := range []time.Time{time.Unix(0, poison.At), time.Unix(0, poison.At+1)} {
		given := false
		for _, err := range l.Read(t.Context(), events.Range{Since: since}) {
			given = given || events.IsPoison(err)
		}
		if given != (since.UnixNano() == poison.At) {
			t.Errorf("since %s, when it was stored %d: given %v", since, poison.At, given)
		}
	}
}

func TestALogThatLostItsTailIsRewound(t *testing.T) {
	t.Parallel()
	l := NewLog()
	settled(t, l, record(alice, 0, "a"))
	settled(t, l, record(alice, 1, "b"))
	var last error
	for _, err := range l.Follow(t.Context(), 1) {
		last = err
		l.Rewind(1)
	}
	if !errors.Is(last, events.ErrRewound) {
		t.Errorf("follow ended with %v", last)
	}
}

func TestRecordsAreForgottenByTheirAge(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := NewLog()
		l.Retain(time.Hour)
		settled(t, l, record(alice, 0, ""))
		next, stop := iter.Pull2(l.Follow(t.Context(), 0))
		defer stop()
		if _, err, _ := next(); err != nil {
			t.Fatal(err)
		}
		settled(t, l, record(alice, 1, ""))
		time.Sleep(time.Hour)
		if _, err := l.Last(t.Context(), alice); !errors.Is(err, events.ErrNotFound) {
			t.Errorf("the last record of what is forgotten: %v", err)
		}
		if info, err := l.Info(t.Context()); err != nil || info.First != 3 || info.Last != 2 || info.Records != 0 || info.MaxAge != time.Hour {
			t.Errorf("%+v, %v", info, err)
		}
		settled(t, l, record(alice, 0, ""))
		if _, err, _ := next(); !errors.Is(err, events.ErrRewound) {
			t.Errorf("a follower that has missed a record: %v", err)
		}
		for st, err := range l.Read(t.Context(), events.Range{}) {
			if err != nil || st.Seq != 3 {
				t.Errorf("%+v, %v", st, err)
			}
		}
	})
}

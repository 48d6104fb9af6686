package bus_test

import (
	"errors"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

func TestTheLogsLimitsAreChangedWhileItIsUsed(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{MaxStore: 1 << 30})
	l := connect(t, bus.Config{InProcess: s, MaxBytes: 300 << 20, MaxAge: time.Hour}).Log()
	write(t, within(t), l, 0)
	must(t, l.SetLimits(within(t), bus.Limits{MaxBytes: 400 << 20}))
	info, err := l.Info(within(t))
	must(t, err)
	if info.MaxBytes != 400<<20 || info.MaxAge != 0 || info.Records != 1 || !info.FirstAt.Equal(info.LastAt) || info.FirstAt.IsZero() {
		t.Errorf("the log is %+v", info)
	}
	if err := l.SetLimits(within(t), bus.Limits{MaxBytes: 2 << 30}); !errors.Is(err, bus.ErrNoSpace) {
		t.Errorf("more than there is: %v", err)
	}
	must(t, l.SetLimits(within(t), bus.Limits{MaxBytes: 400 << 20, MaxAge: time.Second})) // less than its window for ids
}

func TestTheFirstRecordSinceATime(t *testing.T) {
	t.Parallel()
	l := embedded(t).Log()
	if _, _, err := l.FirstSince(within(t), time.Time{}); !errors.Is(err, events.ErrNotFound) {
		t.Errorf("in an empty log: %v", err)
	}
	var times []time.Time
	prev := events.Seq(0)
	for range 5 {
		prev = write(t, within(t), l, prev)
		st, err := l.Next(within(t), alice, prev-1)
		must(t, err)
		times = append(times, st.StoredAt())
	}
	for i, at := range times {
		for want, since := range map[int]time.Time{i: at, i + 1: at.Add(1)} {
			seq, when, err := l.FirstSince(within(t), since)
			switch {
			case want == len(times):
				if !errors.Is(err, events.ErrNotFound) {
					t.Errorf("after the last: %d, %v", seq, err)
				}
			case err != nil || int(seq) != want+1 || !when.Equal(times[want]):
				t.Errorf("since record %d: %d at %s, %v", want+1, seq, when, err)
			}
		}
	}
	if seq, _, err := l.FirstSince(within(t), times[0].Add(-time.Hour)); seq != 1 || err != nil {
		t.Errorf("before the first: %d, %v", seq, err)
	}
}

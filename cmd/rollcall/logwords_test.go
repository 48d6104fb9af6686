package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

// reports are logs that an operator may have, with the answer that each gets.
func reports() map[string]*capacity.Report {
	const day = 24 * time.Hour
	at := time.Date(2026, 11, 30, 14, 3, 7, 0, time.UTC)
	full := events.Info{
		Stream: "RC_EV", First: 4_711_000_000, Last: 14_711_000_000, Records: 10_000_000_001,
		FirstAt: at.Add(-30 * day), LastAt: at, Bytes: 15<<40 - 1<<30, MaxBytes: 16 << 40, MaxAge: 30 * day,
	}
	of := func(used float64, in time.Duration, change func(*capacity.Report)) *capacity.Report {
		r := &capacity.Report{
			Info: full, At: at, Sessions: 1_000_000_000, Mark: 15 << 40, FullIn: in,
			Day:  capacity.Rate{Over: day, Events: 333_333_333, Bytes: 512 << 30},
			Hour: capacity.Rate{Over: time.Hour, Events: 777_777_777, Bytes: 999 << 30},
		}
		r.Bytes = uint64(used * float64(r.Mark))
		if change != nil {
			change(r)
		}
		return r
	}
	return map[string]*capacity.Report{
		"The log is 23 % full.": of(0.239, capacity.Never, nil),
		"The log is 23 % full, and at this rate it refuses logins in 40 days.":       of(0.239, 40*day, nil),
		"The log is 80 % full. It does not get fuller at this rate.":                 of(0.8, capacity.Never, nil),
		"The log is 92 % full, and at this rate it refuses logins in 31 hours.":      of(0.925, 31*time.Hour, nil),
		"The log is 10 % full, and at this rate it refuses logins in 50 minutes.":    of(0.1, 50*time.Minute, func(r *capacity.Report) { r.ByHour = true }),
		"The log is FULL. Logins are refused; only the ends of sessions are stored.": of(1, 0, nil),
		"The log is less than 1 % full.": of(0, capacity.Never, func(r *capacity.Report) {
			r.Bytes, r.Day, r.Hour = 1, capacity.Rate{}, capacity.Rate{}
		}),
		"The log is 0 % full.": of(0, capacity.Never, func(r *capacity.Report) {
			r.Info = events.Info{Last: 14_711_000_000, MaxBytes: 16 << 40}
		}),
		"The log's disk has 1.5 GiB left, and is full in 31 hours at this rate.": of(0.9, 31*time.Hour, onDisk(3<<29)),
		"The log's disk has 1.5 TiB left, less than the log may still grow.":     of(0.5, capacity.Never, onDisk(3<<39)),
		"The log's disk has 1.5 TiB left, and the log no limit.": of(0.5, capacity.Never, func(r *capacity.Report) {
			onDisk(3 << 39)(r)
			r.MaxBytes, r.Mark = 0, 0
		}),
		"The log's disk is FULL. Nothing is stored, and logins are refused.": of(0.5, 0, onDisk(0)),
		"The log's NATS account has 1.5 GiB left, and is full in 5 days at this rate.": of(0.9, 5*day, func(r *capacity.Report) {
			onDisk(3 << 29)(r)
			r.Disk.Account = true
		}),
		"The log is 92 % full, and at this rate it refuses logins in 5 days.": of(0.925, 5*day, onDisk(15<<40)),
		"The log has no limit of its own: it takes what the disk has.":        of(0, capacity.Never, func(r *capacity.Report) { r.MaxBytes, r.Mark, r.MaxAge = 0, 0, 0 }),
	}
}

// onDisk is for a log whose disk has so many bytes free.
func onDisk(free uint64) func(*capacity.Report) {
	return func(r *capacity.Report) { r.Disk = &capacity.Disk{Free: free} }
}

func TestTheStateOfALogFits80ColumnsAndBeginsWithTheAnswer(t *testing.T) {
	t.Parallel()
	for answer, r := range reports() {
		var out bytes.Buffer
		c := newConsole(nil, &out, &out)
		c.zone = time.UTC
		advice := []ask.LogAdvice{{Command: "rollcall log set --max-bytes 32TiB"}}
		frames := []events.Keyframe{{Seq: math.MaxInt32, At: r.At.Add(-90 * time.Minute).UnixNano()}}
		if err := printLog(c, &ask.LogReport{Report: r, Frames: frames, Advice: advice}); err != nil {
			t.Fatal(err)
		}
		if first, _, _ := strings.Cut(out.String(), "\n"); first != answer {
			t.Errorf("got %q, want %q", first, answer)
		}
		for line := range strings.Lines(out.String()) {
			if line = strings.TrimSuffix(line, "\n"); len(line) > 80 || line != strings.TrimRight(line, " ") {
				t.Errorf("%d columns: %q", len(line), line)
			}
		}
	}
}

// oneAnHour is a log that got a record each hour for some days, in virtual time.
func oneAnHour(t *testing.T, days int) *bustest.Log {
	t.Helper()
	log := bustest.NewLog()
	for i := range 24 * days {
		time.Sleep(time.Hour)
		_, err := log.Append(context.Background(), &events.Record{JID: events.StoredJID(fmt.Sprintf("u%d@localhost", i)), Event: events.AccountCreated{}})
		if err != nil {
			t.Fatal(err)
		}
	}
	return log
}

func lookAt(t *testing.T, log capacity.Log) *capacity.Report {
	t.Helper()
	r, err := capacity.Look(context.Background(), log, 0, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAShorterAgeIsRefusedUnlessRecordsAreToGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := oneAnHour(t, 10)
		con := newConsole(nil, nil, nil)
		con.zone = time.UTC
		r := lookAt(t, log)
		_, err := tooOld(t.Context(), con, log, r, 48*time.Hour, false)
		if err == nil || err.Error() != "191 records of 2000-01-01 01:00:00 to 2000-01-09 00:00:00 would go for ever; nothing was changed (if that is meant, add --remove-records)" {
			t.Errorf("got %v", err)
		}
		for age, want := range map[time.Duration]uint64{48 * time.Hour: 191, 0: 0, 1000 * time.Hour: 0} {
			if n, err := tooOld(t.Context(), con, log, r, age, true); n != want || err != nil {
				t.Errorf("%s: %d go, %v", age, n, err)
			}
		}
		log.Retain(100 * time.Hour)
		r = lookAt(t, log)
		if n, err := tooOld(t.Context(), con, log, r, 200*time.Hour, false); n > 0 || err != nil {
			t.Errorf("a longer age: %d go, %v", n, err)
		}
	})
}

func TestASizeThatTheLogHasAlreadyIsRefused(t *testing.T) {
	t.Parallel()
	r := &capacity.Report{Info: events.Info{Bytes: 100 << 20, Records: 1000}}
	for limit, gone := range map[uint64]uint64{108 << 20: 0, 64 << 20: 400, 50 << 20: 500} {
		if err := checkFits(r, limit, gone); err == nil || !strings.Contains(err.Error(), "would refuse logins from") {
			t.Errorf("%s without %d records: %v", sizeText(limit), gone, err)
		}
	}
	for limit, gone := range map[uint64]uint64{109 << 20: 0, 80 << 20: 400} {
		if err := checkFits(r, limit, gone); err != nil {
			t.Errorf("%s without %d records: %v", sizeText(limit), gone, err)
		}
	}
}

func TestTheOperatorIsWarnedOnceForEachLevel(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	w := logWatch{out: slog.New(slog.NewTextHandler(&out, nil))}
	at := time.Date(2026, 11, 30, 14, 3, 7, 0, time.UTC)
	for _, step := range []struct {
		used  uint64
		later time.Duration
		want  string
	}{
		{50, 0, ""},
		{80, time.Minute, `level=WARN msg="The log is 80 % full. It does not get fuller at this rate. See: rollcall log"`},
		{81, time.Minute, ""},
		{91, time.Minute, `level=WARN msg="The log is 91 % full.`},
		{80, time.Minute, ""},
		{92, time.Minute, ""},
		{92, 6 * time.Hour, `level=WARN msg="The log is 92 % full.`},
		{100, time.Minute, `level=ERROR msg="The log is FULL.`},
		{100, time.Minute, ""},
		{50, time.Minute, ""},
		{80, time.Minute, `level=WARN msg="The log is 80 % full.`},
	} {
		at = at.Add(step.later)
		out.Reset()
		w.tell(&capacity.Report{At: at, Info: events.Info{Bytes: step.used, MaxBytes: 110}, Mark: 100, FullIn: capacity.Never})
		if got := out.String(); !strings.Contains(got, step.want) || (step.want == "") != (got == "") {
			t.Errorf("at %d %%: %q, want %q", step.used, got, step.want)
		}
	}
}

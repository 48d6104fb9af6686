package ask

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

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

func TestTheAdviceIsWhatGivesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		log := oneAnHour(t, 10)
		r := lookAt(t, log)
		if advice, err := AdviceFor(t.Context(), log, r); err != nil || len(advice) > 0 {
			t.Errorf("without trouble: %v, %v", advice, err)
		}
		log.Limit(r.Bytes * 10 / 8)
		r = lookAt(t, log)
		advice, err := AdviceFor(t.Context(), log, r)
		if err != nil || len(advice) != 2 || advice[0] != (LogAdvice{Command: "rollcall log set --max-bytes 1MiB"}) {
			t.Fatalf("%v, %v", advice, err)
		}
		// Of 10 days' records, 7 days' take less than three quarters of the room for logins.
		if want := (LogAdvice{"rollcall log set --max-age 7d --remove-records", 71}); advice[1] != want {
			t.Errorf("got %v, want %v", advice[1], want)
		}
	})
}

func TestTwiceALimitIsEasilyTyped(t *testing.T) {
	t.Parallel()
	for limit, want := range map[uint64]string{
		1 << 20: "2MiB", 96_855_120: "185MiB", 6 << 30: "12GiB", 12_345_678_901: "23GiB", 16 << 30: "32GiB", 16 << 40: "32TiB",
	} {
		if got := FlagSize(twice(limit)); got != want {
			t.Errorf("twice %d is %s, want %s", limit, got, want)
		}
	}
}

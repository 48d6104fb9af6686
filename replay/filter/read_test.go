package filter

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
)

// watched is a log that remembers what was read of it.
type watched struct {
	*bustest.Log
	ranges []events.Range
}

func (w *watched) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	w.ranges = append(w.ranges, r)
	return w.Log.Read(ctx, r)
}

// busy is a log in which thirty accounts take turns; of one of them a record is damaged.
func busy(t *testing.T) *watched {
	t.Helper()
	log := &watched{Log: bustest.NewLog()}
	last := make(map[events.JID]events.Seq)
	for i := range 300 {
		j := events.StoredJID(fmt.Sprintf("u%d@localhost", i*i%30))
		if i == 100 {
			last[j] = log.Poison(j, []byte("?"))
			continue
		}
		r := events.Record{ID: events.NewEventID(time.Now()), JID: j, Time: time.Now().UnixNano(), Prev: last[j], Event: events.AccountCreated{}}
		p, err := log.Append(t.Context(), &r)
		if err != nil {
			t.Fatal(err)
		}
		last[j] = p.Seq
	}
	return log
}

func TestAReadOfSomeAccountsGivesTheirRecordsInTheirOrder(t *testing.T) {
	t.Parallel()
	log := busy(t)
	var many []string
	for i := range 30 {
		many = append(many, fmt.Sprintf("u%d@localhost", i))
	}
	for _, text := range []string{
		"", "account:u1@localhost", "account:u10@localhost,u4@localhost,u1@localhost,u4@localhost", "account:nobody@localhost,u4@localhost",
		"account:" + strings.Join(many, ","), "-account:u1@localhost,u4@localhost", "account:u4@localhost account:u1@localhost,u4@localhost",
	} {
		for _, r := range []events.Range{{}, {After: 40, To: 250}, {After: 250, To: 250}, {After: 300}} {
			f := parsed(t, text)
			var want, got []events.Seq
			for st, err := range log.Log.Read(t.Context(), r) {
				if err == nil && f.Event(st) {
					want = append(want, st.Seq)
				}
			}
			for st, err := range f.Read(t.Context(), log, r) {
				if err == nil && f.Event(st) {
					got = append(got, st.Seq)
				}
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s in %v: %d, not %d", text, r, got, want)
			}
		}
	}
}

func TestWhatIsDamagedOfAnAccountComesInItsPlace(t *testing.T) {
	t.Parallel()
	log := busy(t)
	f := parsed(t, "account:u10@localhost,u1@localhost")
	var last events.Seq
	poison := 0
	for st, err := range f.Read(t.Context(), log, events.Range{}) {
		seq := events.Seq(101)
		if err == nil {
			seq = st.Seq
		} else if !events.IsPoison(err) {
			t.Fatal(err)
		} else {
			poison++
		}
		if seq <= last {
			t.Fatalf("%d after %d", seq, last)
		}
		last = seq
	}
	if poison != 1 {
		t.Errorf("%d damaged records", poison)
	}
}

func TestOnlyTheAccountsThatAreNamedAreRead(t *testing.T) {
	t.Parallel()
	log := busy(t)
	var many []string
	for i := range maxSubjects + 1 {
		many = append(many, fmt.Sprintf("u%d@localhost", i))
	}
	for text, want := range map[string][]string{
		"type:closed":                        {""},
		"class:connector":                    {events.Connectors.String()},
		"type:connector_lost,network_banned": {events.Connectors.String(), events.Networks.String()},
		"account:u1@localhost":               {"u1@localhost"},
		"account:u9@localhost,u1@localhost":  {"u1@localhost", "u9@localhost"},
		"account:" + strings.Join(many, ","): {""},
		"account:*":                          {""},
		"-account:u1@localhost":              {""},
	} {
		log.ranges = nil
		for range parsed(t, text).Read(t.Context(), log, events.Range{}) {
		}
		var got []string
		for _, r := range log.ranges {
			got = append(got, r.Account.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("for %s %q are read", text, got)
		}
	}
}

func TestAReadForSessionsBeginsWithTheFirstOfThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		now := time.Now().Truncate(time.Millisecond)
		first, second := events.NewSessionID(now), events.NewSessionID(now.Add(time.Hour))
		for _, c := range []struct {
			text        string
			since, want time.Time
		}{
			{"session:" + second.String() + "," + first.String(), time.Time{}, now.Add(-clockError)},
			{"session:" + second.String(), now, now.Add(time.Hour - clockError)},
			{"session:" + first.String(), now, now},
			{"-session:" + first.String(), time.Time{}, time.Time{}},
			{"session:*", time.Time{}, time.Time{}},
		} {
			if r := parsed(t, c.text).Narrow(events.Range{Since: c.since}); !r.Since.Equal(c.want) {
				t.Errorf("%s begins at %v, not %v", c.text, r.Since, c.want)
			}
		}
	})
}

// sessionsIn is a log in which the sessions of ten accounts have five records each, in
// turns with each other's.
func sessionsIn(t *testing.T) (log *watched, ids []events.SessionID) {
	t.Helper()
	log = &watched{Log: bustest.NewLog()}
	last := make(map[events.JID]events.Seq)
	for i := range 200 {
		if i%5 == 0 {
			ids = append(ids, events.NewSessionID(time.Now()))
		}
		id := ids[max(len(ids)-1-i%5, 0)]
		j := events.StoredJID(fmt.Sprintf("u%d@localhost", slices.Index(ids, id)%10))
		p, err := log.Append(t.Context(), &events.Record{
			ID: events.NewEventID(time.Now()), Session: id, JID: j, Time: time.Now().UnixNano(), Prev: last[j], Event: events.CarbonsEnabled{},
		})
		if err != nil {
			t.Fatal(err)
		}
		last[j] = p.Seq
	}
	return log, ids
}

func TestAReadForSessionsGoesOnWithTheirAccounts(t *testing.T) {
	t.Parallel()
	log, ids := sessionsIn(t)
	gone := events.NewSessionID(time.Now())
	for text, want := range map[string][]string{
		ids[3].String():                                        {"", "u3@localhost"},
		ids[13].String() + "," + ids[3].String():               {"", "u3@localhost"},
		ids[21].String() + "," + ids[4].String():               {"", "u1@localhost", "u4@localhost"},
		ids[4].String() + "," + ids[4].String():                {"", "u4@localhost"},
		gone.String():                                          {""},
		ids[3].String() + "," + gone.String():                  {""},
		ids[3].String() + " account:u3@localhost":              {"u3@localhost"},
		ids[3].String() + " account:u3@localhost,u4@localhost": {"u3@localhost", "u4@localhost"},
		ids[3].String() + " -session:" + ids[4].String():       {"", "u3@localhost"},
		ids[3].String() + " session:" + ids[4].String():        {"", "u3@localhost"},
	} {
		f := parsed(t, "session:"+text)
		var all, got, read []events.Seq
		for st, err := range log.Log.Read(t.Context(), events.Range{}) {
			if err == nil && f.Event(st) {
				all = append(all, st.Seq)
			}
		}
		log.ranges = nil
		for st, err := range f.Read(t.Context(), log, events.Range{}) {
			if err != nil {
				t.Fatal(err)
			}
			read = append(read, st.Seq)
			if f.Event(st) {
				got = append(got, st.Seq)
			}
		}
		if !slices.Equal(got, all) || !slices.IsSorted(read) {
			t.Errorf("of %s there are %d, not %d, of %d", text, got, all, read)
		}
		var accounts []string
		for _, r := range log.ranges {
			accounts = append(accounts, r.Account.String())
		}
		if !slices.Equal(accounts, want) {
			t.Errorf("for %s %q are read", text, accounts)
		}
	}
}

func TestWhatAFewAccountsHaveDoneIsLittle(t *testing.T) {
	t.Parallel()
	id := events.NewSessionID(time.Now()).String()
	for text, want := range map[string]bool{
		"": false, "account:a@b": true, "account:*": false, "-account:a@b": false, "session:" + id: true, "session:*": false, "type:closed": false,
		"class:connector": true, "type:connector_lost,network_banned": true, "class:connector,session": false, "-class:session": false,
		"class:connector,log": false,
	} {
		if got := parsed(t, text).Few(); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

package examples

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

// statsLogins is what analytics.sql should say of the events, as the ones below.
func (s *service) statsLogins(t *testing.T, end events.Seq, step time.Duration) (a answer) {
	for _, l := range s.stats(t, end, "logins", "--step", step.String()) {
		var row stats.Logins
		l.into(t, &row)
		a = append(a, map[string]any{
			"t": row.At.Truncate(step).Format(instant), "mechanism": missing(row.Mechanism), "succeeded": row.Succeeded, "failed": row.Failed,
		})
	}
	return a
}

func (s *service) statsEnds(t *testing.T, end events.Seq, step time.Duration) (a answer) {
	for _, l := range s.stats(t, end, "ends", "--step", step.String()) {
		var row stats.Ends
		l.into(t, &row)
		a = append(a, map[string]any{
			"t": row.At.Truncate(step).Format(instant), "reason": missing(string(row.Reason)), "sessions": row.Sessions,
		})
	}
	return a
}

func (s *service) statsAgents(t *testing.T, end events.Seq) (a answer) {
	for _, l := range s.stats(t, end, "agents") {
		var row stats.Agent
		l.into(t, &row)
		a = append(a, map[string]any{"agent": missing(row.Agent), "logins": row.Logins, "accounts": row.Accounts})
	}
	return a
}

func (s *service) statsConnectors(t *testing.T, end events.Seq) (a answer) {
	lost := uint64(0)
	for _, l := range s.stats(t, end, "connectors") {
		var row stats.Connector
		l.into(t, &row)
		a = append(a, map[string]any{
			"connector": row.Connector, "started": row.Started, "stopped": row.Stopped, "lost": row.Lost, "logins": row.Logins,
			"resumed": row.Resumed, "ended": row.Ended, "sessions": row.Sessions, "most": row.Most,
		})
		lost += row.Lost
	}
	if lost < 2 {
		t.Errorf("%d connectors were lost: one is to be, and another one to be back in time", lost)
	}
	return a
}

// statsFights has the pseudonyms of accounts, whose names no file has.
func (s *service) statsFights(t *testing.T, end events.Seq) (a answer) {
	who := map[string]string{}
	for text := range strings.Lines(s.run(s.program, "names", "list", "--json")) {
		var one struct{ Who, Account string }
		if err := json.Unmarshal([]byte(text), &one); err != nil {
			t.Fatal(err)
		}
		who[one.Account] = one.Who
	}
	for _, l := range s.stats(t, end, "fights") {
		var row stats.Fight
		l.into(t, &row)
		a = append(a, map[string]any{
			"who": who[row.JID.Bare().String()], "began": row.Began.Truncate(time.Microsecond).Format(precise),
			"ended": row.Ended.Truncate(time.Microsecond).Format(precise), "replaced": row.Replaced,
		})
	}
	return a
}

// precise is a time as DuckDB writes one that is no whole second.
const precise = "2006-01-02 15:04:05.999999+00"

// untagged takes away the tags, by which no two fights may be one resource's at one time.
func untagged(t *testing.T, fights answer) answer {
	for _, row := range fights {
		if tag, ok := row["jid_tag"].(string); !ok || tag == "" {
			t.Errorf("%v has no tag", row)
		}
		delete(row, "jid_tag")
	}
	return fights
}

// missing is a word as SQL has it.
func missing(word string) any {
	if word == "" {
		return nil
	}
	return word
}

package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
	"github.com/rollcall-xmpp/rollcall/session"
)

// Each figure that is asked for over HTTP is the one that the log gives.
func TestFiguresAreThoseOfTheLog(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for i := range 12 {
		account := fmt.Sprintf("u%d@localhost", i%5)
		id := s.login(account, fmt.Sprint(i), "192.0.2.7:5222")
		if i%2 == 0 {
			_, _, err := s.write.Do(t.Context(), events.StoredJID(account), events.ConnID{}, session.Close{Session: id, Reason: events.ReasonClient})
			must(t, err)
		}
	}
	until := time.Now().Add(time.Second).UTC().Format(time.RFC3339Nano)
	for _, name := range stats.Names() {
		status, _, body := s.get(s.token, "/v1/stats/"+name+"?since=-1h&step=60s&until="+url.QueryEscape(until))
		var got struct {
			Figure string
			stats.Covers
			Items json.RawMessage
			Next  any
		}
		must(t, json.Unmarshal([]byte(body), &got))
		if status != 200 || got.Figure != name || !got.Complete || !got.Known || got.Next != nil || got.Seconds != 60 || got.Records < 30 {
			t.Errorf("%s: %d %s", name, status, body)
		}
		want, err := stats.Read(t.Context(), replay.Archive{Log: s.bus.Log()}, s.bus.Pre(), stats.Query{
			Since: got.Since, Until: got.Until, Step: time.Minute, Figures: []string{name},
		})
		must(t, err)
		rows, err := query.Marshal(want.Rows(name))
		must(t, err)
		if string(rows) != string(got.Items) || name == "ends" && !strings.Contains(body, `"reason":"client","sessions":6`) {
			t.Errorf("%s: %s, want %s", name, got.Items, rows)
		}
	}
	asked := map[string]bool{}
	for e, err := range s.bus.Audit().Read(t.Context(), time.Time{}, time.Time{}) {
		must(t, err)
		one, err := access.Open(e.Seq, e.At, e.Data)
		must(t, err)
		name, _, _ := strings.Cut(one.Asked, "&since=-1h")
		asked[name] = true
	}
	if !asked["name=fights"] || asked["name=ends"] || asked["name=storms"] { // what names nobody need not be
		t.Errorf("on record is %v", asked)
	}
}

func TestAStepMayBeOfDays(t *testing.T) {
	t.Parallel()
	s := newService(t)
	if status, _, body := s.get(s.token, "/v1/stats/ends?since=-2d&step=1d"); status != 200 || !strings.Contains(body, `"step_s":86400,`) {
		t.Errorf("%d %s", status, body)
	}
}

func TestFiguresThatCannotBeComputedAreRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for path, want := range map[string]string{
		"weather": "there is no such figure; there are concurrency, logins", "ends?step=1ms": "step: it is a whole number of seconds",
		"ends?step=1.5s": "step: it is a whole number of seconds", "ends?since=-9h&step=2s": "step: the span has 16",
		"ends?since=-1h&until=-2h": "since: it is before until", "ends?since=2999-01-01T00:00:00Z": "not in the future",
		"ends?account=alice@localhost": "there is no such parameter here",
	} {
		status, _, body := s.get(s.token, "/v1/stats/"+path)
		if status != 400 && (path != "weather" || status != 404) || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s, want %s", path, status, body, want)
		}
	}
}

// Rows are as the OpenAPI document says.
func TestTheDescriptionHasEveryFigure(t *testing.T) {
	t.Parallel()
	s := newService(t)
	_, _, body := s.get("", "/v1/openapi.json")
	var doc struct {
		Components struct {
			Schemas map[string]struct {
				Required   []string
				Properties map[string]any
			}
		}
	}
	must(t, json.Unmarshal([]byte(body), &doc))
	one := stats.Answer{
		Concurrency: make([]stats.Concurrency, 1), Logins: make([]stats.Logins, 1), Ends: make([]stats.Ends, 1), Durations: make([]stats.Durations, 1),
		Users: make([]stats.Users, 1), Resumes: make([]stats.Resumes, 1), Agents: make([]stats.Agent, 1), Connectors: make([]stats.Connector, 1),
		Fights: make([]stats.Fight, 1), Storms: make([]stats.Storm, 1),
	}
	for _, name := range stats.Names() {
		text, err := json.Marshal(one.Rows(name))
		must(t, err)
		var rows []map[string]any
		must(t, json.Unmarshal(text, &rows))
		has := slices.Sorted(maps.Keys(rows[0]))
		described := doc.Components.Schemas["Stats"+strings.ToUpper(name[:1])+name[1:]]
		slices.Sort(described.Required)
		if !slices.Equal(slices.Sorted(maps.Keys(described.Properties)), has) || !slices.Equal(described.Required, has) {
			t.Errorf("%s has %q, and is described with %q", name, has, described.Required)
		}
	}
}

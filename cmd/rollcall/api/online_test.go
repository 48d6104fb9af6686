package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestTheCurveIsThatOfTheTables(t *testing.T) {
	t.Parallel()
	s := newService(t)
	since := time.Now()
	var ids []events.SessionID
	for i := range 12 {
		ids = append(ids, s.login(fmt.Sprintf("u%d@localhost", i%5), fmt.Sprint(i), "192.0.2.7:5222"))
	}
	for i := range 6 {
		account := events.StoredJID(fmt.Sprintf("u%d@localhost", i%5))
		_, _, err := s.write.Do(t.Context(), account, events.ConnID{}, session.Close{Session: ids[i], Reason: events.ReasonClient})
		must(t, err)
	}
	span := "since=" + url.QueryEscape(since.UTC().Format(time.RFC3339Nano))
	status, _, body := s.get(s.token, "/v1/stats/online?points=50&"+span)
	var got struct {
		Since, Until time.Time
		Exact, Whole bool
		Items        []replay.Point
	}
	must(t, json.Unmarshal([]byte(body), &got))
	if n := len(got.Items); status != 200 || !got.Exact || !got.Whole || n < 50 || n > 52 {
		t.Fatalf("%d, %d points: %s", status, n, body)
	}
	most := 0
	for _, p := range got.Items {
		most = max(most, p.MostSessions)
		if p.Seq == 0 {
			continue
		}
		past, err := replay.At(t.Context(), replay.Archive{Log: s.bus.Log()}, replay.Moment{Seq: p.Seq})
		must(t, err)
		if sessions, accounts := past.Counts(); sessions != p.Sessions || accounts != p.Accounts {
			t.Errorf("%+v, and the table has %d sessions of %d accounts", p, sessions, accounts)
		}
	}
	if last := got.Items[len(got.Items)-1]; last.Sessions != 6 || most != 12 {
		t.Errorf("the last point is %+v, and the most are %d", last, most)
	}
	for query, want := range map[string]string{
		"points=0": "1 to 2000", "points=2001": "1 to 2000", "points=x": "1 to 2000", "since=x": `"parameter":"since"`,
		"until=-2h&since=-1h": "before until", "step=5m": "there are",
	} {
		if status, _, body := s.get(s.token, "/v1/stats/online?"+query); status != 400 || !strings.Contains(body, want) {
			t.Errorf("%s: %d %s", query, status, body)
		}
	}
}

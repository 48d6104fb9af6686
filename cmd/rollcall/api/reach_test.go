package api_test

import (
	"encoding/json"
	"testing"
)

// Programs write 9999-12-31 for a time without end, which nanoseconds can't count.
func TestTimesThatCannotBeCountedAreBeyondTheLog(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.login("alice@localhost", "phone", "192.0.2.7:5222") // two records
	for path, want := range map[string]int{
		"events?until=9999-12-31T00:00:00Z":                                      2,
		"events?since=1600-01-01T00:00:00Z":                                      2,
		"events?until=0001-01-01T00:00:00Z":                                      0,
		"logins?until=9999-12-31T00:00:00Z":                                      1,
		"accounts/alice@localhost/history?until=9999-12-31T00:00:00Z":            2,
		"accounts/alice@localhost/history?failed_since=1600-01-01T00:00:00Z":     2,
		"sessions?at=1600-01-01T00:00:00Z":                                       0,
		"diff?from=1600-01-01T00:00:00Z":                                         1,
		"stats/logins?since=2026-01-01T00:00:00Z&until=9999-12-31T00:00:00Z":     1,
		"stats/connectors?since=1600-01-01T00:00:00Z&until=9999-12-31T00:00:00Z": 1,
	} {
		status, _, body := s.get(s.token, "/v1/"+path)
		var got struct{ Items []json.RawMessage }
		if err := json.Unmarshal([]byte(body), &got); status != 200 || err != nil || len(got.Items) != want {
			t.Errorf("%s: %d %s, want %d", path, status, body, want)
		}
	}
}

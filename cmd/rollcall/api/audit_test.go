package api_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
)

type auditPage struct {
	Items    []access.Stored
	Next     struct{ Before uint64 }
	Complete bool
	Scanned  int
	Limited  bool `json:"scan_limited"`
}

func (s *service) auditPage(query string) (p auditPage) {
	s.t.Helper()
	must(s.t, json.Unmarshal([]byte(s.answer(s.token, "/v1/audit?"+query, 200, nil)), &p))
	return p
}

// asked are the places of entries, in their order.
func (p *auditPage) asked() (list []string) {
	for i := range p.Items {
		list = append(list, p.Items[i].Asked)
	}
	return list
}

// remember puts so many entries on record, numbered.
func (s *service) remember(n int) {
	s.t.Helper()
	for i := range n {
		e := access.Entry{By: fmt.Sprintf("token t%d", i%3), Did: "sessions", Asked: fmt.Sprint(i), Rows: &i}
		if i%10 == 0 {
			e.About = events.StoredJID("alice@localhost")
		}
		must(s.t, access.Put(s.t.Context(), s.bus.Audit(), e))
	}
}

// Paged to its end the API gives what is on record, the newest first, whatever is added
// meanwhile: each page is itself.
func TestTheAuditIsPagedFromTheNewest(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.remember(2500) // more than is looked at first
	var want []string
	for i := range 2500 {
		if i%3 == 1 && i%10 == 0 {
			want = append(want, fmt.Sprint(i))
		}
	}
	slices.Reverse(want)
	var got []string
	for p, query := s.auditPage("by=t1&about=alice@localhost&limit=7"), ""; ; p = s.auditPage(query) {
		got = append(got, p.asked()...)
		if p.Complete {
			break
		}
		query = fmt.Sprintf("by=t1&about=alice@localhost&limit=7&before=%d", p.Next.Before)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if p := s.auditPage("limit=1&by=admin"); p.Items[0].Did != "GET /v1/audit" || !strings.Contains(p.Items[0].Asked, "limit=7") || *p.Items[0].Rows != len(want)%7 {
		t.Errorf("who asked for it is not on record: %+v", p.Items)
	}
}

func TestTheAuditOfASpanOfTime(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.remember(30)
	all := s.auditPage("by=token+t0").Items
	slices.Reverse(all)
	span := func(query string, since, until time.Time) {
		t.Helper()
		for name, at := range map[string]time.Time{"since": since, "until": until} {
			if !at.IsZero() {
				query += "&" + name + "=" + url.QueryEscape(at.Format(time.RFC3339Nano))
			}
		}
		var want []string
		for i := range all {
			if !all[i].At.Before(since) && (until.IsZero() || all[i].At.Before(until)) {
				want = append(want, all[i].Asked)
			}
		}
		slices.Reverse(want)
		if p := s.auditPage(query); !slices.Equal(p.asked(), want) || !p.Complete || p.Limited {
			t.Errorf("%s: got %+v, want %q", query, p, want)
		}
	}
	span("by=t0", all[3].At, time.Time{})
	span("by=t0", time.Time{}, all[3].At)
	span("by=t0", all[3].At, all[7].At)
	if p := s.auditPage("until=2001-01-01T00:00:00Z"); len(p.Items) > 0 || !p.Complete {
		t.Errorf("before all: %+v", p)
	}
	if p := s.auditPage("before=1"); len(p.Items) > 0 || !p.Complete {
		t.Errorf("before the first: %+v", p)
	}
	for query, want := range map[string]string{"before=x": "before: it is a sequence", "about=localhost": "about: it is user@domain", "limit=0": "from 1 to 1000"} {
		if body := s.answer(s.token, "/v1/audit?"+query, 400, nil); !strings.Contains(body, want) {
			t.Errorf("%s: %s", query, body)
		}
	}
}

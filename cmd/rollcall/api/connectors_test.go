package api_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// connectors take orders as real ones do: c1 is the only one that takes clients, c2 is not, and
// c3 hangs.
type connectors struct {
	mu      sync.Mutex
	drained map[string]*ask.Drain // guarded
	taken   []ask.DrainOrder      // guarded
}

func (c *connectors) Drain(_ context.Context, name string, o ask.DrainOrder) (r ask.DrainReport, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.taken = append(c.taken, o)
	switch {
	case name == "c3":
		return r, fmt.Errorf("c3: %w", ask.ErrConnectorGone)
	case name != "c1" && name != "c2":
		return r, fmt.Errorf("%s: %w", name, ask.ErrNoConnector)
	case o.Begin && name == "c1" && !o.Force:
		return r, fmt.Errorf("c1: %w", ask.ErrOnlyConnector)
	case o.End && c.drained[name] == nil:
		return r, fmt.Errorf("%s: %w", name, ask.ErrNotDraining)
	case o.End:
		delete(c.drained, name)
	case c.drained == nil:
		c.drained = map[string]*ask.Drain{}
	}
	if o.Begin {
		c.drained[name] = &ask.Drain{Since: "2026-01-31T14:00:00Z", Until: "2026-01-31T14:05:00Z", Sessions: 3, By: o.By}
	}
	return ask.DrainReport{Connector: name, Drain: c.drained[name], Sessions: 2}, nil
}

func TestAConnectorIsDrainedAndTakesClientsAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	token := s.add("ops", "operate")
	s.await(token)
	began := s.asks("PUT", token, "/v1/connectors/c2/drain?for=10m", 200)
	if want := `"connector":"c2","drain":{"since":"2026-01-31T14:00:00Z","until":"2026-01-31T14:05:00Z","sessions":3,"by":"token ops"},"sessions":2,`; !strings.Contains(began, want) {
		t.Errorf("it is answered %s", began)
	}
	if ended := s.asks("DELETE", token, "/v1/connectors/c2/drain", 200); !strings.Contains(ended, `"drain":null`) {
		t.Errorf("it is answered %s", ended)
	}
	if again := s.asks("DELETE", token, "/v1/connectors/c2/drain", 409); !strings.Contains(again, "not being drained") {
		t.Errorf("it is answered %s", again)
	}
	if only := s.asks("PUT", token, "/v1/connectors/c1/drain", 409); !strings.Contains(only, "with force=true it is drained all the same") {
		t.Errorf("it is answered %s", only)
	}
	s.asks("PUT", token, "/v1/connectors/c1/drain?for=0s&force=true", 200)
	s.asks("PUT", token, "/v1/connectors/c9/drain", 404)
	s.asks("PUT", token, "/v1/connectors/c3/drain", 503)
	var overs []time.Duration
	for _, o := range s.connectors.taken {
		if o.Begin {
			overs = append(overs, o.Over)
		}
	}
	if want := []time.Duration{10 * time.Minute, 5 * time.Minute, 0, 5 * time.Minute, 5 * time.Minute}; !slices.Equal(overs, want) {
		t.Errorf("they had the times %v, want %v", overs, want)
	}
	n := len(s.connectors.taken)
	for _, query := range []string{"for=25h", "for=soon", "for=-5m", "force=perhaps", "reason=x"} {
		s.asks("PUT", token, "/v1/connectors/c2/drain?"+query, 400)
	}
	s.audit.full.Store(true)
	s.asks("PUT", token, "/v1/connectors/c2/drain", 503)
	if got := s.connectors.taken[n:]; len(got) > 0 {
		t.Errorf("what was refused, or could not be put on record, was ordered: %+v", got)
	}
}

func TestOperationAsksForItsScope(t *testing.T) {
	t.Parallel()
	s := newService(t)
	others, own, right := s.add("others", "read,read:address,export,kick,moderate,metrics"), s.add("alice", "account:alice@localhost"), s.add("ops", "operate")
	s.await(right)
	n := 0
	for _, route := range api.Routes {
		if route.Scope != access.Operate {
			continue
		}
		n++
		method, path, _ := strings.Cut(route.Pattern, " ")
		path = strings.Replace(path, "{name}", "c2", 1)
		for token, want := range map[string]int{"": 401, "rct_x_y": 401, others: 403, own: 403} {
			s.asks(method, token, path, want)
		}
		s.asks(method, right, path, 200)
		if got := s.entries("ops", route.Pattern); len(got) != 1 {
			t.Errorf("%s is on record as %q", route.Pattern, got)
		}
	}
	if n != 2 {
		t.Errorf("%d routes operate", n)
	}
}

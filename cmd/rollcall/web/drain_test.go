package web_test

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// runs starts connectors that take clients of localhost.
func (w *world) runs(names ...string) {
	w.t.Helper()
	w.running = map[string]*bus.Lease{}
	ctx, cancel := context.WithCancel(w.t.Context())
	var work sync.WaitGroup
	w.t.Cleanup(func() { cancel(); work.Wait() })
	for _, name := range names {
		l, err := w.bus.Leases().Acquire(ctx, bus.LeaseRequest{Name: name, Instance: name, TTL: time.Minute, Info: leaseInfo(w.t, nil)})
		must(w.t, err)
		w.running[name] = l
		work.Go(func() { l.Run(ctx) })
	}
}

func leaseInfo(t testing.TB, d *ask.Drain) []byte {
	t.Helper()
	info, err := json.Marshal(ask.LeaseInfo{C2S: "192.0.2.1:5222", Domains: []string{"localhost"}, Drain: d})
	must(t, err)
	return info
}

// Drain has one of the connectors that run say that it is drained, as real ones do.
func (w *world) Drain(ctx context.Context, name string, o ask.DrainOrder) (r ask.DrainReport, err error) {
	if err := ask.Exists(ctx, w.bus.Leases(), name); err != nil {
		return r, err
	}
	if o.Begin {
		now := time.Now().UTC()
		r.Drain = &ask.Drain{Since: now.Format(time.RFC3339), Until: now.Add(o.Over).Format(time.RFC3339), Sessions: 3, By: o.By}
	}
	if unserved, err := ask.Unserved(ctx, w.bus.Leases(), name, []string{"localhost"}); err != nil || o.Begin && !o.Force && len(unserved) > 0 {
		return r, ask.ErrOnlyConnector
	}
	return r, w.running[name].Tell(ctx, leaseInfo(w.t, r.Drain))
}

func TestAConnectorIsDrainedAfterAQuestion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.runs("c1", "c2")
	id := w.comes("bob@localhost", "phone") // at c1
	b := w.loggedIn("operator")
	w.reads(b, id)
	page := b.get("/connectors")
	page.shows(t, 200, `href="/connectors/c1/drain"`)
	if strings.Contains(page.body, "undrain") {
		t.Error("clients can be let come again where they come")
	}
	ask := b.get("/connectors/c1/drain")
	ask.shows(t, 200, "Drain c1?")
	bad := b.post("/connectors/c1/drain", url.Values{"for": {"soon"}})
	bad.shows(t, 400, `id="wrong-for"`)
	done := b.post("/connectors/c1/drain", url.Values{"for": {"10m"}})
	done.goesTo(t, "/connectors")
	page = b.get("/connectors")
	page.shows(t, 200, `<span class="wait">draining</span>`)
	page.shows(t, 200, "gone, the last at")
	page.shows(t, 200, `href="/connectors/c1/undrain"`)
	page.shows(t, 200, `data-live="?class=connector,session"`) // or nobody would see how far it is
	page = b.get("/connectors/c1")
	page.shows(t, 200, `<span class="wait">draining</span>`)

	only := b.post("/connectors/c2/drain", nil)
	only.shows(t, 409, `type="checkbox" name="force"`)
	forced := b.post("/connectors/c2/drain", url.Values{"force": {"true"}})
	forced.goesTo(t, "/connectors")
	page = b.get("/connectors/c2")
	page.shows(t, 200, `<span class="wait">drained</span>`)
	back := b.post("/connectors/c2/undrain", nil)
	back.goesTo(t, "/connectors")
	page = b.get("/connectors/c2")
	page.shows(t, 200, `<span class="good">alive</span>`)
	none := b.post("/connectors/c9/drain", nil)
	none.shows(t, 404, "there are c1, c2")
	wantList(t, "on record", w.audited(),
		"token web:operator@host: PUT /v1/connectors/{name}/drain of  from 127.0.0.1",
		"token web:operator@host: PUT /v1/connectors/{name}/drain of  from 127.0.0.1",
		"token web:operator@host: PUT /v1/connectors/{name}/drain of  from 127.0.0.1",
		"token web:operator@host: DELETE /v1/connectors/{name}/drain of  from 127.0.0.1",
		"token web:operator@host: PUT /v1/connectors/{name}/drain of  from 127.0.0.1")
	reader := w.loggedIn("reader")
	refused := reader.post("/connectors/c1/drain", nil)
	refused.shows(t, 403, "This needs the scope <code>operate</code>")
	page = reader.get("/connectors")
	if page.status != 200 || strings.Contains(page.body, "/drain") {
		t.Errorf("a reader is offered to drain: %d %s", page.status, page.body)
	}
}

package publisher

import (
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// Of two processes that find out that much is lost one passes over it; the other has been
// slower, and tells of all of it, too.
func TestASlowerProcessTellsOfAllThatWasPassedOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, bustest.StartServer(t).URL)
	p := w.publisher(w.bus, Networks)
	must(t, p.Public.Make(w.ctx, "urn:1", string(Networks), 1))
	before, err := p.Public.State(w.ctx)
	must(t, err)
	slower := writer{Publisher: p, passed: before, next: 1, encoder: public.NewEncoder(public.Source{}, public.Source{}, public.Options{})}
	must(t, p.Public.Pass(w.ctx, 1, 20_000))
	must(t, slower.look(w.ctx))
	if told := string(slower.lost(20_000).Data); slower.next != 20_000 || !strings.Contains(told, `"from":1,"to":20000`) {
		t.Errorf("at %d it says %s", slower.next, told)
	}
	// Nor does it go on in a stream that was made anew and happens to be as long.
	must(t, p.Public.Remake(w.ctx, slower.passed, "urn:2", string(Networks), 20_000))
	if err := slower.look(w.ctx); err != errAgain {
		t.Errorf("in another stream: %v", err)
	}
}

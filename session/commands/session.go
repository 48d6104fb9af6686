package commands

import (
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// MaxWaiting bounds the commands that wait for their forms.
const MaxWaiting = 1000

const (
	waitingTime    = 10 * time.Minute
	maxOfRequester = 8
)

// A wait is a command whose form is being filled in: a session, as XEP-0050 calls it.
type wait struct {
	id    string
	by    events.JID // full
	name  string
	until time.Time
}

// waiting are those, the oldest first.
type waiting struct {
	mu   sync.Mutex
	list []wait // guarded
}

func newWaiting() waiting { return waiting{} }

// begin makes a session with an id that nobody can guess.
func (w *waiting) begin(by events.JID, name string) (id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	own, first := 0, -1
	for i, o := range w.list {
		if o.by == by {
			if own++; first < 0 {
				first = i
			}
		}
	}
	if own >= maxOfRequester {
		w.list = slices.Delete(w.list, first, first+1)
	} else if len(w.list) >= MaxWaiting {
		w.list = slices.Delete(w.list, 0, 1)
	}
	id = rand.Text()
	w.list = append(w.list, wait{id, by, name, now.Add(waitingTime)})
	return id
}

// find refuses the id of a session that there is not, or not for this client and command,
// and that of one that has waited for too long (XEP-0050, 4.2).
func (w *waiting) find(id string, by events.JID, name string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := slices.IndexFunc(w.list, func(o wait) bool { return o.id == id && o.by == by && o.name == name })
	if i < 0 {
		return refuse(stanza.BadRequest, "bad-sessionid", "")
	}
	if time.Now().After(w.list[i].until) {
		w.list = slices.Delete(w.list, i, i+1)
		return refuse(stanza.NotAllowed, "session-expired", "")
	}
	return nil
}

func (w *waiting) end(id string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = slices.DeleteFunc(w.list, func(o wait) bool { return o.id == id })
}

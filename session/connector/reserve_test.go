package connector_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// fill lets accounts log in, by turns at the processes, until the log takes no more.
// It returns how many have a session then.
func fill(t *testing.T, processes ...*process) (n int) {
	t.Helper()
	for {
		p := processes[n%len(processes)]
		id := events.NewSessionID(time.Now())
		user := strings.ToLower(id.String())
		_, _, err := p.svc.Do(context.Background(), bare(user), events.ConnID(id), session.Authenticate{Session: id})
		switch {
		case errors.Is(err, session.ErrReserved):
			return n
		case err != nil:
			t.Fatalf("login %d: %v", n, err)
		}
		p.mu.Lock()
		p.clients[id] = user
		p.mu.Unlock()
		if n++; n%10 == 0 {
			time.Sleep(time.Second) // so that the processes get to know
		}
	}
}

func TestAFullLogStillTakesTheEndsOfAllSessions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.log.Limit(256 << 10)
		one, two := w.start("c1", "disk"), w.start("c2", "other disk")
		synctest.Wait()
		n := fill(t, one, two)
		if n < 20 {
			t.Fatalf("only %d logins", n)
		}
		two.away.Store(true) // as after kill -9
		time.Sleep(time.Minute)
		w.wantEnded(n / 2)
		one.halt()
		w.wantEnded(n)
		two.halt()

		// Whoever comes next finds no ghosts, and refuses logins at once.
		next := w.start("c1", "disk")
		synctest.Wait()
		if held := next.table.Sessions(); held > 0 {
			t.Errorf("%d sessions are left", held)
		}
		next.halt()
	})
}

func TestLoginsAreServedAgainWhenTheLogIsGivenRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.log.Limit(64 << 10)
		p := w.start("c1", "disk")
		synctest.Wait()
		fill(t, p)
		w.log.Limit(128 << 10)
		time.Sleep(time.Second)
		p.login("late")
		p.halt()
	})
}

func TestTheOperatorIsToldOnceAMinuteThatLoginsAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.log.Limit(64 << 10)
		var told bytes.Buffer
		p := w.process("c1", "disk")
		p.logger = slog.New(slog.NewTextHandler(&told, nil))
		p.start()
		synctest.Wait()
		for begun := time.Now(); time.Since(begun) < 270*time.Second; time.Sleep(time.Second) {
			fill(t, p)
		}
		p.halt()
		if n := strings.Count(told.String(), "logins are refused"); n != 5 {
			t.Errorf("told %d times in 4.5 minutes:\n%s", n, told.String())
		}
	})
}

// wantEnded wants so many ends of sessions in the log.
func (w *world) wantEnded(want int) {
	w.t.Helper()
	ended := 0
	for _, st := range w.history() {
		if st.Event.Kind() == events.KindClosed {
			ended++
		}
	}
	if ended != want {
		w.t.Errorf("%d sessions have ended, want %d", ended, want)
	}
}

package userdb_test

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
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/auth/userdb"
)

var alice = events.StoredJID("alice@example.org")

// A database answers as it is told, and hangs until the question is over if it is to.
type database struct {
	says  error
	hangs bool
}

func (d *database) Check(ctx context.Context, _ events.JID, _ string) error {
	if d.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	return d.says
}

type tokens struct{ database }

func (d *tokens) Bearer(ctx context.Context, _, _ string) (events.JID, error) {
	return alice, d.Check(ctx, alice, "")
}

// guarded puts a guard before d, and returns what it logs.
func guarded(d auth.Verifier, cfg userdb.Config) (auth.Verifier, *bytes.Buffer) {
	var log bytes.Buffer
	cfg.Source, cfg.Domain, cfg.Logger = "ldap", "example.org", slog.New(slog.NewTextHandler(&log, nil))
	return userdb.New(d, cfg), &log
}

var errGone = errors.New("connection refused")

func TestAnswersPassThroughAndAreNoNews(t *testing.T) {
	t.Parallel()
	for _, answer := range []error{nil, auth.ErrWrongPassword, auth.ErrNoAccount, auth.ErrExpired, auth.ErrDisabled} {
		g, log := guarded(&database{says: answer}, userdb.Config{})
		if err := g.Check(t.Context(), alice, "secret"); !errors.Is(err, answer) {
			t.Errorf("%v: %v", answer, err)
		}
		if log.Len() > 0 {
			t.Errorf("%v: logged %s", answer, log)
		}
	}
}

func TestAFailureIsToldOnceAndOnceThatItIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{}
		g, log := guarded(d, userdb.Config{})
		told := func(lines int) {
			t.Helper()
			if got := log.String(); strings.Count(got, "\n") != lines {
				t.Errorf("logged %s", got)
			}
			for line := range strings.Lines(log.String()) {
				if strings.Contains(line, "alice") || strings.Contains(line, "secret") {
					t.Errorf("it names somebody: %s", line)
				}
			}
			log.Reset()
		}
		check := func() { g.Check(t.Context(), alice, "secret") }
		check()
		told(0)
		health := g.(interface{ Answers() bool })
		if !health.Answers() {
			t.Error("it is taken for silent, and has answered")
		}
		d.says = errGone
		for range 10 {
			check()
		}
		told(1)
		if health.Answers() {
			t.Error("it is taken for answering")
		}
		time.Sleep(time.Hour)
		check()
		told(0) // it is known
		d.says = auth.ErrWrongPassword
		check()
		check()
		told(1)
		if !health.Answers() {
			t.Error("that a password is wrong is an answer")
		}
		d.says = errGone
		check()
		told(1)
		d.says = nil
		check()
		told(1)
		d.says = errGone // within a minute of the last time
		check()
		d.says = nil
		check()
		told(0)
	})
}

func TestAQuestionHasATime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g, log := guarded(&database{hangs: true}, userdb.Config{Timeout: 3 * time.Second})
		begun := time.Now()
		err := g.Check(t.Context(), alice, "secret")
		if took := time.Since(begun); auth.IsAnswer(err) || took != 3*time.Second {
			t.Errorf("after %s: %v", took, err)
		}
		if !strings.Contains(log.String(), "domain=example.org database=ldap") {
			t.Errorf("logged %s", log)
		}
	})
}

// A database that hangs holds up so many logins, and the next is not one that waits.
func TestOnlySoManyWaitForADatabase(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := &database{hangs: true}
		g, _ := guarded(d, userdb.Config{Waiting: 2, Timeout: time.Minute})
		for range 2 {
			go g.Check(t.Context(), alice, "secret")
		}
		synctest.Wait()
		begun := time.Now()
		err := g.Check(t.Context(), alice, "secret")
		if !errors.Is(err, userdb.ErrBusy) || auth.IsAnswer(err) || time.Since(begun) > 0 {
			t.Errorf("%v", err)
		}
		time.Sleep(time.Minute + time.Second)
		d.hangs = false
		if err := g.Check(t.Context(), alice, "secret"); err != nil {
			t.Errorf("when there is room again: %v", err)
		}
	})
}

func TestAGuardOfTokensTakesTokens(t *testing.T) {
	t.Parallel()
	g, _ := guarded(&tokens{}, userdb.Config{})
	if account, err := g.(auth.TokenVerifier).Bearer(t.Context(), "example.org", "token"); account != alice || err != nil {
		t.Errorf("%s, %v", account, err)
	}
	g, log := guarded(&tokens{database{says: errGone}}, userdb.Config{})
	if _, err := g.(auth.TokenVerifier).Bearer(t.Context(), "example.org", "token"); auth.IsAnswer(err) || !strings.Contains(log.String(), "refused") {
		t.Errorf("%v, logged %s", err, log)
	}
	g, _ = guarded(&database{}, userdb.Config{})
	if _, ok := g.(auth.TokenVerifier); ok {
		t.Error("a guard of passwords does, too")
	}
}

package natsconf_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/backup"
	"github.com/rollcall-xmpp/rollcall/events"
)

// The users that the programs of Rollcall connect as. The permissions of a feed are in
// feed_test.go.
var everybody = []string{"connector", "http", "publisher", "service", "auditor", "admin"}

// An action is something that a user does, and who may.
type action struct {
	name string
	may  []string
	do   func(ctx context.Context, b *bus.Bus, n int) error // n is another number each time
}

var (
	alice = events.StoredJID("alice@example.org")
	clock = time.Unix(1_700_000_000, 0)
)

// account is another one for each number.
func account(n int) events.JID { return events.StoredJID(fmt.Sprintf("user%d@example.org", n)) }

func record(jid events.JID) *events.Record {
	return &events.Record{
		ID: events.NewEventID(time.Now()), JID: jid, Time: clock.UnixNano(), Connector: events.Incarnation{Name: "c1", Epoch: 7},
		Event: events.Closed{Reason: events.ReasonClient},
	}
}

// put is for a document.
func put(of func(*bus.Bus) *bus.Documents) func(context.Context, *bus.Bus, int) error {
	return func(ctx context.Context, b *bus.Bus, n int) error {
		_, err := of(b).Put(ctx, account(n), []byte("x"), 0)
		return err
	}
}

// get is for a document that may not be there, and for following all of them.
func get(of func(*bus.Bus) *bus.Documents) func(context.Context, *bus.Bus, int) error {
	return func(ctx context.Context, b *bus.Bus, _ int) error {
		for _, err := range of(b).All(ctx) {
			if err != nil {
				return err
			}
		}
		_, err := of(b).Get(ctx, alice)
		return unless(err, events.ErrNotFound)
	}
}

// unless takes an error for an answer.
func unless(err, answer error) error {
	if errors.Is(err, answer) {
		return nil
	}
	return err
}

func first[V any](ctx context.Context, seq func(func(V, error) bool)) error {
	for _, err := range seq {
		return err
	}
	return ctx.Err()
}

// actions are all that the service does on NATS, each with those who may do it.
var actions = []action{
	{"append to the log", []string{"connector", "http", "service", "admin"}, func(ctx context.Context, b *bus.Bus, n int) error {
		_, err := b.Log().Append(ctx, record(account(n)))
		return err
	}},
	{"read the log", everybody, func(ctx context.Context, b *bus.Bus, _ int) error {
		return first(ctx, b.Log().Read(ctx, events.Range{Account: alice}))
	}},
	{"look for an account's last event", everybody, func(ctx context.Context, b *bus.Bus, _ int) error {
		_, err := b.Log().Last(ctx, alice)
		return err
	}},
	{"change what the log may have", []string{"admin"}, func(ctx context.Context, b *bus.Bus, _ int) error {
		info, err := b.Log().Info(ctx)
		if err != nil {
			return err
		}
		return b.Log().SetLimits(ctx, bus.Limits{MaxBytes: int64(info.MaxBytes), MaxAge: info.MaxAge})
	}},
	{"read what came before logins", []string{"connector", "http", "service", "auditor", "admin"}, func(ctx context.Context, b *bus.Bus, _ int) error {
		return first(ctx, b.Pre().Read(ctx, time.Time{}, time.Time{}))
	}},
	{"hold a lease", []string{"connector", "service"}, func(ctx context.Context, b *bus.Bus, n int) error {
		lease, err := b.Leases().Acquire(ctx, bus.LeaseRequest{Name: fmt.Sprint("c", n), Instance: "i"})
		if err != nil {
			return err
		}
		life, stop := context.WithTimeout(ctx, time.Second)
		defer stop()
		return errors.Join(lease.Run(life), lease.Release(ctx))
	}},
	{"see who holds a lease", everybody, func(ctx context.Context, b *bus.Bus, _ int) error {
		alive, err := b.Leases().Alive(ctx)
		if err != nil || len(alive) == 0 {
			return errors.Join(err, errors.New("the holder is not there"))
		}
		missing, err := b.Leases().Missing(ctx, alive[0])
		if missing {
			return errors.New("the holder is missing")
		}
		return err
	}},
	{"read credentials", []string{"connector", "http", "service", "admin"}, get((*bus.Bus).Accounts)},
	{"write credentials", []string{"connector", "http", "service", "admin"}, put((*bus.Bus).Accounts)},
	{"read rosters", []string{"connector", "http", "service", "auditor", "admin"}, get((*bus.Bus).Rosters)},
	{"write rosters", []string{"connector", "service", "admin"}, put((*bus.Bus).Rosters)},
	{"read block lists", []string{"connector", "service", "admin"}, get((*bus.Bus).Blocked)},
	{"write block lists", []string{"connector", "service", "admin"}, put((*bus.Bus).Blocked)},
	{"read private storage", []string{"connector", "service", "admin"}, get((*bus.Bus).Private)},
	{"write private storage", []string{"connector", "service", "admin"}, put((*bus.Bus).Private)},
	{"read pseudonyms", everybody, get((*bus.Bus).Names)},
	{"write pseudonyms", []string{"connector", "http", "publisher", "service", "admin"}, put((*bus.Bus).Names)},
	{"read tokens", []string{"http", "service", "admin"}, get((*bus.Bus).Tokens)},
	{"write tokens", []string{"http", "service", "admin"}, put((*bus.Bus).Tokens)},
	{"read bans", []string{"connector", "http", "service", "admin"}, get((*bus.Bus).Bans)},
	{"write bans", []string{"connector", "http", "service", "admin"}, put((*bus.Bus).Bans)},
	{"read the service's certificate", []string{"connector", "http", "service", "admin"}, get((*bus.Bus).Service)},
	{"write the service's certificate", []string{"connector", "http", "service", "admin"}, put((*bus.Bus).Service)},
	{"keep a message", []string{"connector", "service", "admin"}, func(ctx context.Context, b *bus.Bus, n int) error {
		return b.Waiting().Store(ctx, account(n), []byte("x"))
	}},
	{"take messages", []string{"connector", "service", "admin"}, func(ctx context.Context, b *bus.Bus, _ int) error {
		return unless(first(ctx, b.Waiting().Take(ctx, alice)), bus.ErrTaken)
	}},
	{"put on record who asks", []string{"connector", "http", "service", "auditor", "admin"}, func(ctx context.Context, b *bus.Bus, _ int) error {
		return b.Audit().Append(ctx, []byte("x"))
	}},
	{"read who asked", []string{"http", "service", "auditor", "admin"}, func(ctx context.Context, b *bus.Bus, _ int) error {
		return first(ctx, b.Audit().Read(ctx, time.Time{}, time.Time{}))
	}},
	{"read keyframes", everybody, func(ctx context.Context, b *bus.Bus, _ int) error {
		list, err := b.Keyframes().List(ctx)
		if err != nil || len(list) == 0 {
			return errors.Join(err, errors.New("there are none"))
		}
		_, err = b.Keyframes().Read(ctx, list[0])
		return err
	}},
	{"write keyframes", []string{"connector", "http", "service"}, writeKeyframe},
	{"send to a connector", []string{"connector", "service"}, func(ctx context.Context, b *bus.Bus, n int) error {
		to := events.Incarnation{Name: "receiver", Epoch: 1}
		place, err := b.Courier().Send(to, 0, []byte("x"))
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		if err := b.Courier().Await(ctx, to, 0, place); err != nil {
			return &events.DeniedError{} // nothing waits for that; the operator is told
		}
		return nil
	}},
	{"receive as a connector", []string{"connector", "service"}, func(_ context.Context, b *bus.Bus, n int) error {
		stop, err := b.Courier().Receive(events.Incarnation{Name: "c", Epoch: uint64(n)}, func([]byte, func() func()) {})
		if err == nil {
			stop()
		}
		return err
	}},
	{"answer questions", []string{"connector", "http", "service"}, func(_ context.Context, b *bus.Bus, n int) error {
		stop, err := b.Courier().Answer(fmt.Sprint("verb", n), "", nil)
		if err == nil {
			stop()
		}
		return err
	}},
	{"ask", []string{"auditor", "admin"}, asking("count")},
	{"give orders", []string{"admin"}, asking("do.count")},
	{"serve the API", []string{"http", "service"}, func(ctx context.Context, b *bus.Bus, _ int) error {
		ctx, stop := context.WithTimeout(ctx, 500*time.Millisecond)
		defer stop()
		return b.Serve(ctx, "1.0.0", nil, nil)
	}},
	{"publish", []string{"publisher", "service"}, func(ctx context.Context, b *bus.Bus, _ int) error {
		p := b.Public()
		if err := p.Make(ctx, "source", "network", 1); err != nil {
			return err
		}
		state, err := p.State(ctx)
		if err != nil {
			return err
		}
		return p.Publish(ctx, state.Last+1, []bus.PublicMessage{{Subject: bus.PublicSubject("session", "closed", "7"), Data: []byte("{}")}})
	}},
	{"add a feed", []string{"publisher", "service", "admin"}, func(ctx context.Context, b *bus.Bus, n int) error {
		return b.Public().AddFeed(ctx, bus.Feed{Name: fmt.Sprint("f", n), From: 1})
	}},
	{"remove a feed", []string{"admin"}, func(ctx context.Context, b *bus.Bus, _ int) error {
		return unless(b.Public().RemoveFeed(ctx, "none"), events.ErrNotFound)
	}},
	{"see how the streams are", everybody, func(ctx context.Context, b *bus.Bus, _ int) error {
		_, err := b.StreamStates(ctx)
		return err
	}},
	{"back up", []string{"admin"}, func(ctx context.Context, b *bus.Bus, n int) error {
		w, err := backup.Create(filepath.Join(backups.Load().(string), fmt.Sprint(n)))
		if err != nil {
			return err
		}
		defer w.Abort()
		_, err = b.Backup(ctx, w, bus.BackupConfig{Version: "v1", Hurry: true})
		return err
	}},
}

// backups is where they go.
var backups atomic.Value

// numbers were used.
var numbers atomic.Int64

// chunks are more than an answer has on its way without a word of whoever asks.
const chunks = 200

// asking is for a question whose answer is chunks.
func asking(verb string) func(context.Context, *bus.Bus, int) error {
	return func(ctx context.Context, b *bus.Bus, _ int) error {
		n := 0
		for chunk, err := range b.Courier().Ask(ctx, verb, nil) {
			if err != nil {
				return err
			}
			n += len(chunk)
		}
		if n != chunks {
			return fmt.Errorf("%d of %d chunks", n, chunks)
		}
		return nil
	}
}

func writeKeyframe(ctx context.Context, b *bus.Bus, n int) error {
	release, err := b.Keyframes().Claim(ctx)
	if err != nil {
		return unless(err, events.ErrConflict)
	}
	defer release()
	return b.Keyframes().Create(ctx, events.Keyframe{Format: 1, Created: 1, Seq: events.Seq(n), At: 1}, []byte("x"))
}

func TestEachRoleMayDoWhatItHasToAndNothingElse(t *testing.T) {
	t.Parallel()
	backups.Store(t.TempDir())
	for _, nodes := range []int{1, 3} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			t.Parallel()
			testRoles(t, start(t, nodes))
		})
	}
}

func testRoles(t *testing.T, s *servers) {
	s.connect(t, "admin", false) // which makes the streams
	prepare(t, s.connect(t, "service", true))
	for _, user := range everybody {
		b := s.connect(t, user, true)
		for _, a := range actions {
			number := int(numbers.Add(1))
			begun := time.Now()
			err := a.do(within(t), b, number)
			took := time.Since(begun)
			denied := events.IsDenied(err)
			switch may := slices.Contains(a.may, user); {
			case may && err != nil:
				t.Errorf("%s can't %s: %v", user, a.name, err)
			case !may && !denied:
				t.Errorf("%s can %s: %v", user, a.name, err)
			case !may && took > 3*time.Second:
				t.Errorf("%s is told after %s that it can't %s", user, took, a.name)
			}
		}
	}
}

// prepare does what others look for: there is a running connector.
func prepare(t *testing.T, b *bus.Bus) {
	ctx := within(t)
	_, err := b.Log().Append(ctx, record(alice))
	must(t, err)
	must(t, b.Waiting().Store(ctx, alice, []byte("x")))
	for _, documents := range []*bus.Documents{b.Accounts(), b.Rosters()} {
		_, err = documents.Put(ctx, alice, []byte("x"), 0)
		must(t, err)
	}
	must(t, b.Audit().Append(ctx, []byte("x")))
	b.Pre().Publish(record(alice))
	must(t, writeKeyframe(ctx, b, 0))
	must(t, b.Public().Make(ctx, "source", "network", 1))
	lease, err := b.Leases().Acquire(ctx, bus.LeaseRequest{Name: "receiver", Instance: "i"})
	must(t, err)
	life, end := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- lease.Run(life) }()
	t.Cleanup(func() { end(); <-done })
	_, err = b.Courier().Receive(events.Incarnation{Name: "receiver", Epoch: 1}, func([]byte, func() func()) {})
	must(t, err)
	for _, verb := range []string{"count", "do.count"} {
		_, err = b.Courier().Answer(verb, "", func(_ context.Context, _ []byte, send func([]byte) error) error {
			for range chunks {
				if err := send([]byte("x")); err != nil {
					return err
				}
			}
			return nil
		})
		must(t, err)
	}
}

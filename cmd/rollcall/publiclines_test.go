package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// A script gets an object for each record, those too that can't be decoded, so that a
// sequence that is missing is one that the log has not.
func TestScriptsGetAnObjectForEveryRecord(t *testing.T) {
	t.Parallel()
	w := newWitness(t, func(e events.Event) events.Event { return e })
	const logins = publicBatch/3 + 1 // more than one batch of records
	for i := range logins {
		if w.login(fmt.Sprintf("user%d", i)); i == 1 {
			w.junk("user1")
		}
	}
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"history", "--since", "1h", "--json", "--nats", w.url}, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("code %d: %s", code, stderr.String())
	}
	types, names := make(map[string]int), make(map[string]bool)
	sequences := []string{}
	for line := range strings.Lines(stdout.String()) {
		var event struct {
			Type, Sequence string
			Data           struct{ Who string }
		}
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		types[event.Type]++
		names[event.Data.Who] = true
		sequences = append(sequences, event.Sequence)
	}
	if types["rollcall.log.damaged.v1"] != 1 || types["rollcall.session.bound.v1"] != logins || len(names) != logins+1 {
		t.Errorf("%v of %d pseudonyms", types, len(names))
	}
	if !slices.IsSorted(sequences) || sequences[len(sequences)-1] != fmt.Sprintf("%020d", len(sequences)) {
		t.Errorf("%d lines end at %s", len(sequences), sequences[len(sequences)-1])
	}
}

// A search that ends with a record that can't be decoded says to go on behind it.
func TestASearchGoesOnBehindWhatIsDamaged(t *testing.T) {
	t.Parallel()
	w := newWitness(t, func(e events.Event) events.Event { return e })
	w.login("user")
	w.junk("user")
	var stdout, stderr bytes.Buffer
	if code := run(t.Context(), []string{"events", "type:damaged", "--limit", "1", "--json", "--nats", w.url}, nil, &stdout, &stderr); code != 0 {
		t.Fatalf("code %d: %s", code, stderr.String())
	}
	var event struct{ Sequence string }
	if err := json.Unmarshal(stdout.Bytes(), &event); err != nil {
		t.Fatal(err)
	}
	if want := "--after " + strings.TrimLeft(event.Sequence, "0") + " goes on"; !strings.Contains(stderr.String(), want) {
		t.Errorf("%q is not said but %q", want, stderr.String())
	}
}

// junk puts what is no record among those of an account.
func (w *witness) junk(user string) {
	w.t.Helper()
	nc, err := nats.Connect(w.url, login(w.t, w.url)...)
	if err != nil {
		w.t.Fatal(err)
	}
	defer nc.Close()
	answer, err := nc.Request(bus.LogSubject(events.StoredJID(user+"@localhost")), []byte("junk"), dialTimeout)
	if err != nil || strings.Contains(string(answer.Data), "error") {
		w.t.Fatalf("%s, %v", answer.Data, err)
	}
}

// Processes that all need pseudonyms that nobody has made say the same of all accounts,
// byte for byte, though some of them are killed while they make them.
func TestProcessesThatReadAtOnceSayTheSame(t *testing.T) {
	t.Parallel()
	w := newWitness(t, func(e events.Event) events.Event { return e })
	for i := range 300 {
		w.login(fmt.Sprintf("user%d", i))
	}
	read := func(ctx context.Context) ([]byte, error) {
		return exec.CommandContext(ctx, "rollcall", "history", "--since", "1h", "--json", "--nats", w.url).Output()
	}
	said := make([][]byte, 6)
	var all sync.WaitGroup
	for i := range said {
		all.Go(func() {
			if i%3 == 2 {
				ctx, kill := context.WithTimeout(t.Context(), time.Duration(30*i)*time.Millisecond)
				defer kill()
				read(ctx)
			}
			var err error
			if said[i], err = read(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if n := bytes.Count(said[0], []byte(`"who":"`)); n != 900 {
		t.Errorf("%d lines have a pseudonym", n)
	}
	for _, other := range said[1:] {
		if !bytes.Equal(other, said[0]) {
			t.Error("two differ")
		}
	}
}

// Whoever follows the log waits while pseudonyms can't be reached, and is given each
// record once; a history says that it is not whole.
func TestATailWaitsForPseudonyms(t *testing.T) {
	t.Parallel()
	w := newWitness(t, func(e events.Event) events.Event { return e })
	w.login("alice")
	st, err := w.log.Last(t.Context(), events.StoredJID("alice@localhost"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := bus.Connect(t.Context(), existing(t, w.url))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	for limit, want := range map[int]int{1: 1, publicBatch: 0} {
		var stdout bytes.Buffer
		p, err := newPublicLines(t.Context(), newConsole(nil, &stdout, io.Discard), b)
		if err != nil {
			t.Fatal(err)
		}
		p.names, p.limit = names.New(&outage{Documents: b.Names(), left: 3}, w.log), limit
		err = errors.Join(p.write(t.Context(), &st), p.flush(t.Context()))
		if got := strings.Count(stdout.String(), "\n"); got != want || errors.Is(err, events.ErrUnavailable) == (want > 0) {
			t.Errorf("%d lines of batches of %d, %v", got, limit, err)
		}
	}
}

// outage is a bucket that can't be reached at first.
type outage struct {
	*bus.Documents
	left int
}

func (o *outage) Get(ctx context.Context, account events.JID) (events.Document, error) {
	if o.left--; o.left >= 0 {
		return events.Document{}, events.ErrUnavailable
	}
	return o.Documents.Get(ctx, account)
}

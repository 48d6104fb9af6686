package query

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestAnAnswerIsTheTable(t *testing.T) {
	t.Parallel()
	w := newScribe(t)
	wire := &wire{}
	w.online(1, "alice@localhost", "phone", 5)
	w.online(2, "bob@localhost", "desk", 0)
	w.do("carol@localhost", session.Authenticate{Session: events.SessionID{15: 3}, Mechanism: "PLAIN"})
	w.serve(wire)
	client := Client{Asker: wire, Log: w.log}
	var got []string
	for s, err := range client.Sessions(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprint(s.JID, " ", s.State(), " ", s.Priority, " ", s.Held()))
	}
	slices.Sort(got)
	want := []string{"alice@localhost/phone available 5 c1#7", "bob@localhost/desk available 0 c1#7", "carol@localhost unbound 0 c1#7"}
	if !slices.Equal(got, want) {
		t.Errorf("sessions: %q, want %q", got, want)
	}
	if got := collect(t, client.Holdings(t.Context())); !slices.Equal(got, []string{"{c1 7 3 2 0}"}) {
		t.Errorf("holdings: %q", got)
	}
	at, hash := w.table.Hash()
	sum, err := client.Summary(t.Context(), 0)
	if err != nil || sum.Hash != hash.String() || sum.Seq != uint64(at.Seq) || sum.Accounts != 3 || sum.Sessions != 3 || sum.Records != 7 {
		t.Errorf("summary: %+v, %v", sum, err)
	}
}

func TestALostConnectorsSessionsAreSaidToBeLost(t *testing.T) {
	t.Parallel()
	w := newScribe(t)
	w.online(1, "alice@localhost", "phone", 0)
	w.table.Lost(events.Incarnation{Name: "c1", Epoch: 7})
	for s := range Sessions(w.table) {
		if !s.Lost || s.State() != "lost" {
			t.Errorf("%+v", s)
		}
	}
}

// The names are read by scripts and by processes of other versions.
func TestTheNamesOfASessionStay(t *testing.T) {
	t.Parallel()
	w := newScribe(t)
	w.online(1, "alice@localhost", "phone", 5)
	for s := range Sessions(w.table) {
		s.Since, s.PresenceAt = Timestamp(1), Timestamp(2000)
		line, err := json.Marshal(s)
		want := `{"id":"00000000000000000000000001","jid":"alice@localhost/phone","username":"alice","host":"localhost","resource":"phone",` +
			`"type":"c2s","priority":5,"available":true,"interested":false,"detached":false,"lost":false,"connector":"c1","epoch":7,` +
			`"since":"1970-01-01T00:00:00.000000Z","presence_at":"1970-01-01T00:00:00.000002Z","address":"192.0.2.1:50123","role":"member"}`
		if err != nil || string(line) != want {
			t.Errorf("got\n%s\nwant\n%s", line, want)
		}
	}
	if got := Time(Timestamp(2000)); got.UnixNano() != 2000 || !Time("").IsZero() || !Time("noon").IsZero() {
		t.Errorf("a time comes back as %v", got)
	}
}

func TestWhoeverSawSomethingStoredSeesItInTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newScribe(t)
		wire := &wire{}
		defer w.serve(wire)()
		// Stored, and not yet in the table.
		r := events.Record{ID: events.NewEventID(time.Now()), Session: events.SessionID{15: 1}, JID: jid("alice@localhost"), Event: events.Authenticated{Role: "member"}}
		if _, err := w.log.Append(t.Context(), &r); err != nil {
			t.Fatal(err)
		}
		answer := make(chan []string)
		go func() { answer <- collect(t, Client{Asker: wire, Log: w.log}.Sessions(t.Context())) }()
		synctest.Wait()
		select {
		case got := <-answer:
			t.Fatalf("the answer came before the record was folded: %q", got)
		default:
		}
		st, err := w.log.Last(t.Context(), r.JID)
		if err != nil {
			t.Fatal(err)
		}
		w.table.Fold(&st)
		if got := <-answer; len(got) != 1 {
			t.Errorf("the answer is %q", got)
		}
	})
}

func TestAQuestionDoesNotHoldItsPlaceForEver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newScribe(t)
		wire := &wire{}
		defer w.serve(wire)()
		begun := time.Now()
		err := last(wire.Ask(t.Context(), verbSessions, []byte(`{"after":{"Seq":1000000}}`)))
		if err == nil || !strings.Contains(err.Error(), "the table is behind") || time.Since(begun) != tableTime {
			t.Errorf("after %s: %v", time.Since(begun), err)
		}
	})
}

func TestWhatIsNoQuestionIsRefused(t *testing.T) {
	t.Parallel()
	w := newScribe(t)
	w.online(1, "alice@localhost", "phone", 0)
	wire := &wire{}
	w.serve(wire)
	for name, request := range map[string]string{
		"nothing":             "",
		"no JSON":             "sessions, please",
		"half of it":          `{"after":{"Seq":1`,
		"another thing":       `[1,2,3]`,
		"a negative sequence": `{"after":{"Seq":-1}}`,
		"too large":           `{"after":{},"padding":"` + strings.Repeat("x", maxQuestion) + `"}`,
	} {
		for _, verb := range []string{verbSessions, verbHoldings, verbSummary} {
			if err := last(wire.Ask(t.Context(), verb, []byte(request))); err == nil || !strings.HasPrefix(err.Error(), "not a question") {
				t.Errorf("%s to %s: %v", name, verb, err)
			}
		}
	}
	w.table.Fold(&events.Stored{Stream: "RC_EV", Seq: 99, Record: events.Record{JID: jid("dave@localhost"), Event: events.AccountCreated{}}})
	if err := last(wire.Ask(t.Context(), verbSessions, []byte(`{"after":{"Stream":"ELSE","Seq":1}}`))); err == nil {
		t.Error("a question about another log is answered")
	}
	// A field that a later version adds is not a fault.
	if err := last(wire.Ask(t.Context(), verbSessions, []byte(`{"after":{"Seq":1},"of":"alice@localhost"}`))); err != nil {
		t.Errorf("a question with more in it: %v", err)
	}
}

func TestALongAnswerComesInChunksThatEndWithALine(t *testing.T) {
	t.Parallel()
	w := newScribe(t)
	for i := range 600 {
		w.online(byte(i), fmt.Sprintf("u%d@localhost", i), "r", 0)
	}
	var chunks, lines int
	err := sendLines(func(chunk []byte) error {
		if chunks++; len(chunk) > chunkSize+1000 || chunk[len(chunk)-1] != '\n' {
			t.Errorf("a chunk of %d bytes ends with %q", len(chunk), chunk[len(chunk)-1])
		}
		lines += bytes.Count(chunk, []byte("\n"))
		return nil
	}, Sessions(w.table))
	if err != nil || chunks < 3 || lines != 600 {
		t.Errorf("%d lines in %d chunks, %v", lines, chunks, err)
	}
	gone, n := errors.New("gone"), 0
	if err := sendLines(func([]byte) error { n++; return gone }, Sessions(w.table)); !errors.Is(err, gone) || n != 1 {
		t.Errorf("after the asker left: %v, %d chunks", err, n)
	}
}

// An answers asker gives what it is told to, whatever the question.
type answers []string

func (a answers) Ask(_ context.Context, _ string, _ []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for _, chunk := range a {
			if !yield([]byte(chunk), nil) {
				return
			}
		}
	}
}

func TestAnAnswerOfAnotherVersionIsReadAsFarAsItIsKnown(t *testing.T) {
	t.Parallel()
	log := newScribe(t).log
	client := Client{Asker: answers{`{"name":"c1","epoch":1,"mood":"fine"}` + "\n" + `{"name":"c2"}` + "\n", `{"name":"c3","sessions":2}` + "\n"}, Log: log}
	if got := collect(t, client.Holdings(t.Context())); !slices.Equal(got, []string{"{c1 1 0 0 0}", "{c2 0 0 0 0}", "{c3 0 2 0 0}"}) {
		t.Errorf("%q", got)
	}
	for h, err := range client.Holdings(t.Context()) {
		if err != nil || h.Name != "c1" {
			t.Errorf("%+v, %v", h, err)
		}
		break // another yield would panic
	}
}

func TestAnAnswerThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	w := newScribe(t)
	for _, bad := range []string{"hello\n", `{"name":1}` + "\n", `{"jid":"a@b@c/"` + "\n"} {
		client := Client{Asker: answers{bad}, Log: w.log}
		if err := last(client.Holdings(t.Context())); err == nil {
			t.Errorf("%q is an answer", bad)
		}
	}
	if _, err := (Client{Asker: answers{}, Log: w.log}).Summary(t.Context(), 0); err == nil {
		t.Error("an empty answer is a summary")
	}
	if err := last(Client{Asker: &wire{}, Log: w.log}.Sessions(t.Context())); !errors.Is(err, errNobody) {
		t.Errorf("without an answerer: %v", err)
	}
	w.log.Partition(true)
	if err := last(Client{Asker: &wire{}, Log: w.log}.Sessions(t.Context())); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("without the log: %v", err)
	}
}

// A deafCourier takes no questions after the first kind.
type deafCourier struct {
	*wire
	kinds int
}

func (d *deafCourier) Answer(verb, group string, handle func(context.Context, []byte, func([]byte) error) error) (func(), error) {
	if d.kinds++; d.kinds > 1 {
		return nil, events.ErrUnavailable
	}
	return d.wire.Answer(verb, group, handle)
}

func TestAProjectorThatCannotAnswerAllAnswersNothing(t *testing.T) {
	t.Parallel()
	w := newScribe(t)
	wire := &wire{}
	if _, err := Answer(&deafCourier{wire: wire}, w.table, nil); !errors.Is(err, events.ErrUnavailable) {
		t.Errorf("it answers with %v", err)
	}
	if len(wire.handlers) != 0 {
		t.Errorf("%d kinds of questions are still answered", len(wire.handlers))
	}
}

func TestNobodyAnswersAfterTheEnd(t *testing.T) {
	t.Parallel()
	w := newScribe(t)
	wire := &wire{}
	w.serve(wire)()
	if _, err := (Client{Asker: wire, Log: w.log}).Summary(t.Context(), 0); !errors.Is(err, errNobody) {
		t.Errorf("%v", err)
	}
}

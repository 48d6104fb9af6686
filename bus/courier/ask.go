package courier

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Errors of Ask.
var (
	// ErrNoAnswer: nobody answers that verb, or whoever did has fallen silent.
	ErrNoAnswer = errors.New("nobody answers; is a rollcall service running on this NATS?")
	// errBusy is sent to askers beyond the number that an answerer serves at
	// once.
	errBusy = errors.New("too many questions at once; try again")
)

// An AnswerError is what the answerer's handler returned.
type AnswerError struct{ Text string }

// Error is the text.
func (e *AnswerError) Error() string { return e.Text }

// Of an answer's stream: chunks are numbered; the last message has no number
// but the count, and an error's text.
const (
	chunkHeader = "Rollcall-Chunk"
	endHeader   = "Rollcall-End" // number of chunks
	errorHeader = "Rollcall-Error"

	// window is the number of chunks that may be on their way. The asker says
	// after every half of it how far it has come.
	window = 64
	// sayAlive is how often an answerer that has nothing to say says so.
	sayAlive = 2 * time.Second
	// fallenSilent is how long an asker or an answerer waits for the other.
	fallenSilent = 10 * time.Second
	// maxChunk is the greatest size of a chunk in bytes.
	maxChunk = 512 << 10
)

var verbForm = regexp.MustCompile(`^[a-z0-9_~-]+(\.[a-z0-9_~-]+)*$`)

// subject panics on a verb that is no subject: verbs are the program's own.
func (c *Courier) subject(verb string) string {
	if !verbForm.MatchString(verb) {
		panic(fmt.Sprintf("verb %q is not tokens of a-z, 0-9, _, ~ and -", verb))
	}
	return c.cfg.Verbs + verb
}

// Ask asks whoever answers the verb, one of them, and gives the chunks of the
// answer. An error is the last: ErrNoAnswer at once if there is nobody, an
// *AnswerError if the answerer refused or failed, or events.ErrUnavailable.
func (c *Courier) Ask(ctx context.Context, verb string, request []byte) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if err := c.ask(ctx, c.subject(verb), request, yield); err != nil {
			yield(nil, fmt.Errorf("ask %s: %w", verb, err))
		}
	}
}

// ask returns nil if the answer has ended or yield has returned false.
func (c *Courier) ask(ctx context.Context, subject string, request []byte, yield func([]byte, error) bool) error {
	changed := c.nc.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	defer c.nc.RemoveStatusListener(changed)
	if !c.nc.IsConnected() {
		return fmt.Errorf("%w: not connected", events.ErrUnavailable)
	}
	msgs := make(chan *nats.Msg, 2*window)
	sub, err := c.nc.ChanSubscribe(c.nc.NewInbox(), msgs)
	if err != nil {
		return notSent(err)
	}
	defer sub.Unsubscribe()
	denied, stop := c.cfg.Denied(subject)
	defer stop()
	if err := c.nc.PublishRequest(subject, sub.Subject, request); err != nil {
		return notSent(err)
	}
	silence := time.NewTimer(fallenSilent)
	defer silence.Stop()
	for n := 0; ; silence.Reset(fallenSilent) {
		var m *nats.Msg
		select {
		case m = <-msgs:
		case <-ctx.Done():
			return ctx.Err()
		case err := <-denied:
			return err
		case <-changed:
			return fmt.Errorf("%w: the connection was lost during the answer", events.ErrUnavailable)
		case <-silence.C:
			return fmt.Errorf("%w (silent for %s)", ErrNoAnswer, fallenSilent)
		}
		switch {
		case noResponders(m):
			return ErrNoAnswer
		case m.Header.Get(endHeader) != "":
			return ended(m, n)
		case m.Header.Get(chunkHeader) == "": // still alive
			continue
		case m.Header.Get(chunkHeader) != strconv.Itoa(n):
			return fmt.Errorf("%w: a part of the answer was lost", events.ErrUnavailable)
		}
		if n++; !yield(m.Data, nil) {
			return nil // the answerer notices: nobody takes its chunks
		}
		if n%(window/2) == 0 {
			c.nc.Publish(m.Reply, strconv.AppendInt(nil, int64(n), 10))
		}
	}
}

func ended(m *nats.Msg, n int) error {
	if text := m.Header.Get(errorHeader); text != "" {
		return &AnswerError{Text: text}
	}
	if m.Header.Get(endHeader) != strconv.Itoa(n) {
		return fmt.Errorf("%w: a part of the answer was lost", events.ErrUnavailable)
	}
	return nil
}

package publisher

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// mostLost is how many sequences in a row that the log has lost are told of one by one.
const mostLost = 10_000

// A writer publishes what was read, from where the stream ends. It is used by one goroutine.
type writer struct {
	*Publisher
	encoder *public.Encoder
	next    events.Seq // the one after the stream's last
	size    int        // of batches: one while another process may be faster

	passed   bus.PublicState // as it was seen last
	records  []*events.Stored
	who      []names.Pseudonym
	messages []bus.PublicMessage
}

// write publishes a batch. If somebody else was faster, or it is not known what has become of
// a message, it looks where the stream ends, and goes on there.
func (w *writer) write(ctx context.Context, batch []item) error {
	for {
		for len(batch) > 0 && batch[0].seq() < w.next {
			batch = batch[1:]
		}
		if len(batch) == 0 {
			return nil
		}
		err := w.attempt(ctx, batch[:min(len(batch), w.size)])
		switch {
		case err == nil:
			w.size = min(2*w.size, most)
		case errors.Is(err, events.ErrConflict), errors.Is(err, events.ErrUnresolved):
			w.size = 1
			pause(ctx, aside)
			if err := w.look(ctx); err != nil {
				return err
			}
		default:
			return err
		}
	}
}

// look finds out where the stream ends.
func (w *writer) look(ctx context.Context) error {
	s, err := w.Public.State(ctx)
	switch {
	case err != nil:
		return err
	case s.Last+1 < w.next, !s.Made.Equal(w.passed.Made):
		return errAgain // it was made anew, or has lost its end
	}
	w.passed = s
	w.reached(s.Last)
	return nil
}

func (w *writer) reached(last events.Seq) {
	w.next = last + 1
	w.position.Store(uint64(last))
}

// attempt publishes what it can of a batch, at least something of its first record.
func (w *writer) attempt(ctx context.Context, batch []item) error {
	if batch[0].seq()-w.next > mostLost {
		return w.pass(ctx, w.next, batch[0].seq()-1)
	}
	if err := w.encode(ctx, batch); err != nil {
		return err
	}
	for messages := w.messages; len(messages) > 0; {
		n := min(len(messages), most)
		if err := w.Public.Publish(ctx, w.next, messages[:n]); err != nil {
			return err
		}
		w.reached(w.next + events.Seq(n) - 1)
		messages = messages[n:]
	}
	return nil
}

// pass goes on behind what the log has lost.
func (w *writer) pass(ctx context.Context, from, to events.Seq) error {
	if err := w.Public.Pass(ctx, from, to); err != nil {
		return err
	}
	w.Logger.Warn("the log has lost records; what was published before them is gone", "from", from, "to", to)
	return errAgain
}

// encode fills messages from w.next on: the records of a batch, and what tells of those that
// the log has lost. It ends before too many of these.
func (w *writer) encode(ctx context.Context, batch []item) error {
	w.records = w.records[:0]
	for i := range batch {
		if batch[i].poison == nil {
			w.records = append(w.records, &batch[i].st)
		}
	}
	w.who = slices.Grow(w.who[:0], len(w.records))[:len(w.records)]
	if err := w.Names.OfAll(ctx, w.records, w.who); err != nil {
		return err
	}
	w.messages = w.messages[:0]
	who, seq := w.who, w.next
	for i := range batch {
		one := &batch[i]
		if i > 0 && one.seq()-seq > mostLost {
			return nil
		}
		for ; seq < one.seq(); seq++ {
			w.messages = append(w.messages, w.lost(seq))
		}
		seq++
		if one.poison != nil {
			w.messages = append(w.messages, bus.PublicMessage{Subject: logDamaged, Data: w.encoder.AppendDamaged(nil, one.poison)})
			continue
		}
		w.messages = append(w.messages, bus.PublicMessage{
			Subject: subjectOf(&one.st), Data: w.encoder.Append(make([]byte, 0, room), &one.st, who[0]),
		})
		who = who[1:]
	}
	return nil
}

// room is for most events.
const room = 1 << 10

// lost tells of a sequence that the log has lost, and of all that were passed over with it.
func (w *writer) lost(seq events.Seq) bus.PublicMessage {
	from := seq
	if seq == w.passed.LostTo {
		from = w.passed.LostFrom
	}
	return bus.PublicMessage{Subject: logLost, Data: w.encoder.AppendLost(nil, seq, from, seq)}
}

// Subjects of messages that belong to no partition.
var (
	logDamaged = bus.PublicSubject(string(public.Log), "damaged", "0")
	logLost    = bus.PublicSubject(string(public.Log), "lost", "0")
)

func subjectOf(st *events.Stored) string {
	t, partition := public.TypeOf(st.Event.Kind()), uint8(0)
	if !st.JID.IsZero() {
		partition = public.Partition(st.Account())
	}
	return bus.PublicSubject(string(t.Class), t.Event, strconv.Itoa(int(partition)))
}

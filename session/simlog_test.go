package session_test

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A call is one request to the log that waits to be carried out. The writer
// may have given up on it: then nobody hears the answer, but it is on its way
// and may still arrive.
type call struct {
	key    string // tells it from others, the same way in every run
	node   *simNode
	record *events.Record // to append; nil: a read, or only a turn
	read   func() (events.Stored, error)
	answer chan answer // has room for one
	gone   bool        // nobody waits any longer; guarded by sim.mu
	due    time.Time   // it is not carried out before
}

type answer struct {
	stored events.Stored
	err    error
}

// A simLog is the log as one connector reaches it: every call waits until the
// simulation carries it out.
type simLog struct {
	events.Log // the truth
	sim        *sim
	node       *simNode
}

func (l *simLog) Append(ctx context.Context, r *events.Record) (events.Position, error) {
	if l.node.fenced {
		l.sim.fail("%s was fenced and appends %s", l.node.connector, r.Event.Kind())
	}
	sent := *r // the writer may change its Prev
	key := fmt.Sprintf("append %s %s %s", r.Account(), nameOf(r.Session), nameOf(r.Cause))
	a := l.sim.wait(ctx, &call{key: key, node: l.node, record: &sent}, events.ErrUnresolved)
	return a.stored.Position(), a.err
}

func (l *simLog) Next(ctx context.Context, account events.JID, after events.Seq) (events.Stored, error) {
	return l.look(ctx, fmt.Sprintf("next %s %d", account, after), func() (events.Stored, error) {
		return l.Log.Next(context.Background(), account, after)
	})
}

func (l *simLog) Last(ctx context.Context, account events.JID) (events.Stored, error) {
	return l.look(ctx, fmt.Sprintf("last %s", account), func() (events.Stored, error) {
		return l.Log.Last(context.Background(), account)
	})
}

func (l *simLog) look(ctx context.Context, key string, read func() (events.Stored, error)) (events.Stored, error) {
	a := l.sim.wait(ctx, &call{key: key, node: l.node, read: read}, events.ErrUnavailable)
	return a.stored, a.err
}

// wait parks the caller until its call is answered, or its context ends.
func (s *sim) wait(ctx context.Context, c *call, timeout error) answer {
	c.key = fmt.Sprintf("%s %s", c.node.connector, c.key)
	c.answer = make(chan answer, 1)
	s.mu.Lock()
	s.calls = append(s.calls, c)
	s.mu.Unlock()
	select {
	case a := <-c.answer:
		return a
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		c.gone = true
		return answer{err: timeout}
	}
}

// The faults of an append, by name, with how often in a hundred they happen in
// a bad simulation.
var appendFaults = []struct {
	name    string
	percent int
	do      func(s *sim, c *call) answer
}{
	{"lost ack", 6, func(s *sim, c *call) answer {
		s.store(c)
		return answer{err: events.ErrUnresolved}
	}},
	{"lost request", 6, func(*sim, *call) answer { return answer{err: events.ErrUnresolved} }},
	{"late request", 6, func(s *sim, c *call) answer {
		s.delay(c)
		return answer{err: events.ErrUnresolved}
	}},
	{"silence", 2, func(s *sim, c *call) answer { return answer{err: errSilence} }},
	{"silence after store", 2, func(s *sim, c *call) answer {
		s.store(c)
		return answer{err: errSilence}
	}},
	{"silence and a late request", 2, func(s *sim, c *call) answer {
		s.delay(c)
		return answer{err: errSilence}
	}},
	{"conflict with nobody", 8, func(*sim, *call) answer { return answer{err: events.ErrConflict} }},
	{"unavailable", 5, func(*sim, *call) answer { return answer{err: events.ErrUnavailable} }},
	{"full", 1, func(*sim, *call) answer { return answer{err: events.ErrFull} }},
}

// errSilence never reaches anybody: the call is simply not answered.
var errSilence = fmt.Errorf("no answer")

// carryOut does what the call asks for, or the fault that the dice give.
func (s *sim) carryOut(c *call) {
	a := s.outcome(c)
	if a.err != errSilence {
		c.reply(a)
	}
}

func (c *call) reply(a answer) {
	if !c.gone {
		c.answer <- a
	}
}

func (s *sim) outcome(c *call) answer {
	switch {
	case c.node.cut && !c.gone:
		return answer{err: events.ErrUnavailable}
	case c.record == nil && c.read == nil:
		return answer{}
	case c.read != nil:
		if s.dice(5) {
			return answer{err: events.ErrUnavailable}
		}
		st, err := c.read()
		return answer{st, err}
	}
	if c.gone {
		return s.store(c)
	}
	for _, f := range appendFaults {
		if s.dice(f.percent) {
			s.faults[f.name]++
			return f.do(s, c)
		}
	}
	return s.store(c)
}

// delay lets a request arrive when its writer has perhaps given up.
func (s *sim) delay(c *call) {
	due := time.Now().Add(time.Duration(s.random.Int64N(int64(30 * time.Second))))
	s.calls = append(s.calls, &call{key: "late " + c.key, node: c.node, record: c.record, gone: true, due: due})
}

// store is the append itself.
func (s *sim) store(c *call) answer {
	pos, err := s.log.Append(context.Background(), c.record)
	st := events.Stored{Record: *c.record, Stream: pos.Stream, Seq: pos.Seq, At: time.Now().UnixNano()}
	return answer{st, err}
}

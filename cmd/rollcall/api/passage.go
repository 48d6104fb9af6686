package api

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

const (
	passageSize  = 1 << 11 // sequences, at most
	passageRoom  = 4 << 20 // bytes of stanzas, about, after which a passage ends early
	passagesKept = 16
	// passagesFor is after how long without a question all are forgotten, which may have
	// 100 MB.
	passagesFor = time.Minute
)

// A passage is a part of the log that was read once, for all readers that come to it at
// about the same time: many that have fallen behind are soon at the same place, and one
// read costs the log as much as the events of hundreds of readers.
type passage struct {
	after events.Seq    // it begins behind
	to    events.Seq    // and is to end with; the log has that
	done  chan struct{} // closed when it was read

	// Owned by whoever reads it, and not changed once done is closed.
	last events.Seq // up to where it was read
	list []*told
	err  error // why not further
}

// passages are those that were asked for last.
type passages struct {
	mu   sync.Mutex
	kept []*passage  // guarded; the one that was asked for last comes last
	idle *time.Timer // guarded; forgets them. nil: nobody has asked yet
}

// at gives the passage with the records after a sequence, and whether whoever asks is
// to read it.
func (p *passages) at(after, to events.Seq) (one *passage, mine bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.idle == nil {
		p.idle = time.AfterFunc(passagesFor, p.forget)
	}
	p.idle.Reset(passagesFor)
	for i, one := range p.kept {
		if one.after <= after && after < one.end() {
			p.kept = append(slices.Delete(p.kept, i, i+1), one)
			return one, false
		}
	}
	if len(p.kept) == passagesKept {
		p.kept = slices.Delete(p.kept, 0, 1)
	}
	one = &passage{after: after, to: min(after+passageSize, to), last: after, done: make(chan struct{})}
	p.kept = append(p.kept, one)
	return one, true
}

// forget leaves those that are being read to whoever waits for them.
func (p *passages) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.kept = nil
}

// end is up to where a passage is good for somebody, as far as is known.
func (p *passage) end() events.Seq {
	select {
	case <-p.done:
		return p.last
	default:
		return p.to
	}
}

// past gives what the log has after a sequence, or the beginning of that, and the sequence
// up to which it is. The log must have the sequence to.
func (f *feed) past(ctx context.Context, after, to events.Seq) (list []*told, last events.Seq, err error) {
	for {
		one, mine := f.passages.at(after, to)
		if mine {
			one.read(ctx, f.h)
		}
		select {
		case <-one.done:
		case <-ctx.Done():
			return nil, after, ctx.Err()
		}
		switch {
		case one.last > after:
			from, _ := slices.BinarySearchFunc(one.list, after+1, func(t *told, seq events.Seq) int { return cmp.Compare(t.seq(), seq) })
			return one.list[from:], one.last, nil
		case ctx.Err() != nil:
			return nil, after, ctx.Err()
		case one.err != nil && !errors.Is(one.err, context.Canceled): // otherwise it was read for somebody who has gone
			return nil, after, one.err
		}
	}
}

// read reads the passage, as far as it can: what was read before an error is good.
func (p *passage) read(ctx context.Context, h *History) {
	defer close(p.done)
	var records []*events.Stored
	room := passageRoom
	for st, err := range h.Archive.Log.Read(ctx, events.Range{After: p.after, To: p.to}) {
		poison, _ := errors.AsType[*events.PoisonError](err)
		one := &told{poison: poison}
		switch {
		case poison != nil:
			room -= len(poison.Data)
		case err != nil:
			p.err = err
		default:
			one.st = *st
			records = append(records, &one.st)
			room -= stanzaOf(st)
		}
		if p.err != nil {
			break
		}
		if p.list = append(p.list, one); room < 0 {
			break
		}
	}
	if p.err == nil {
		p.err = ctx.Err()
	}
	if err := p.name(ctx, h, records); err != nil {
		p.list, p.err = nil, err
		return
	}
	switch {
	case p.err == nil && room >= 0:
		p.last = p.to
	case len(p.list) > 0:
		p.last = p.list[len(p.list)-1].seq()
	}
}

// name gives the records their pseudonyms.
func (p *passage) name(ctx context.Context, h *History, records []*events.Stored) error {
	who := make([]names.Pseudonym, len(records))
	if err := h.Names.OfAll(ctx, records, who); err != nil {
		return err
	}
	for _, one := range p.list {
		if one.poison == nil {
			one.who, who = who[0], who[1:]
		}
	}
	return nil
}

// stanzaOf is how many bytes of stanzas a record has, next to which the rest is little.
func stanzaOf(st *events.Stored) int {
	switch e := st.Event.(type) {
	case events.PresenceAvailable:
		return len(e.Stanza)
	case events.PresenceUnavailable:
		return len(e.Stanza)
	}
	return 0
}

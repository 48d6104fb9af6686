package projector

import (
	"maps"
	"slices"
)

// NewPastTable returns the table of an empty log, for the past: nobody logs in there, so
// it knows only accounts that have sessions, and takes the less room.
func NewPastTable() *Table {
	t := NewTable()
	t.hints.limit = 0
	return t
}

// Fork returns a table that holds the same and is folded by itself. Both share what neither
// changes afterwards, so that it costs a copy of some pages at first, and then of those
// that are changed. It is for the folding goroutine, or, of a table that is folded no
// longer and was forked before, for any. Nobody waits for the fork's sequence yet, and it
// is in no snapshot.
func (t *Table) Fork() *Table {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := &Table{accounts: t.accounts.fork(), folded: t.folded, begun: t.begun, hints: t.hints.clone(), stats: t.stats.clone()}
	f.lost.epochs.Store(t.lost.epochs.Load())
	f.leases.Store(t.leases.Load())
	f.forgotten.Store(t.forgotten.Load())
	at := t.Position()
	f.watermark.follow(at.Stream)
	f.watermark.advance(at.Seq)
	return f
}

// texts is the folding goroutine's interner, which a fork has once it is folded.
func (t *Table) texts() *interner {
	if t.interner == nil {
		t.interner = newInterner()
	}
	return t.interner
}

// fork shares all lines with the index that it returns.
func (x *index) fork() *index {
	f := &index{seed: x.seed}
	for i := range x.shards {
		from, to := &x.shards[i], &f.shards[i]
		if !from.shared { // one that is shared already may be forked by others meanwhile
			from.shared = true
		}
		to.lines.Store(from.lines.Load())
		to.used, to.shared = from.used, true
	}
	return f
}

// own are the shard's lines, which are copied if another index has them, too; nil if there
// are none.
func (sh *shard) own() *[]line {
	lines := sh.lines.Load()
	if lines == nil || !sh.shared {
		return lines
	}
	copied := make([]line, len(*lines))
	for i := range *lines {
		from := &(*lines)[i]
		for slot := range slots {
			copied[i].accounts[slot].Store(from.accounts[slot].Load())
		}
		copied[i].tags.Store(from.tags.Load())
	}
	sh.lines.Store(&copied)
	sh.shared = false
	return &copied
}

func (q *hints) clone() hints {
	return hints{list: slices.Clone(q.list[q.first:]), limit: q.limit}
}

func (y *stats) clone() stats {
	c := *y
	c.Faults, c.poisoned, c.holders = slices.Clone(y.Faults), slices.Clone(y.poisoned), maps.Clone(y.holders)
	for i, holder := range c.holders {
		own := *holder
		c.holders[i] = &own
	}
	return c
}

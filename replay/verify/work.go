package verify

import (
	"context"

	"github.com/rollcall-xmpp/rollcall/projector"
)

const (
	// maxTables bounds what all tables together take, in bytes, and perSession is
	// what a session takes in one, and while that is read.
	maxTables  = 1 << 30
	perSession = 1 << 10
)

// work takes one part after the other, in their order. Where a keyframe can't be used
// the worker that comes to it goes on with the table that it has. Worker 0 works in
// any case, the others as long as there is memory for their tables, too.
func (v *verifier) work(ctx context.Context, worker int) error {
	for worker == 0 || v.fits(worker+1) {
		i, err := v.claim(ctx)
		if err != nil || i == len(v.parts) {
			return err
		}
		table, err := v.begin(ctx, v.parts[i])
		for table != nil && err == nil {
			if err = v.fold(ctx, v.parts[i], table); err != nil {
				break
			}
			close(v.parts[i].done)
			if i++; i == len(v.parts) {
				v.table = table
				return nil
			}
			table, err = v.goOn(ctx, i, table)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// fits reports that there is memory for so many workers, each of which holds up to
// two tables.
func (v *verifier) fits(workers int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return workers*2*v.largest*perSession <= maxTables
}

// claim takes the next part that nobody has begun; there is none if it is the number
// of parts. It waits where the merging is far behind.
func (v *verifier) claim(ctx context.Context) (int, error) {
	select {
	case v.room <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	i := v.claimed
	if i == len(v.parts) {
		<-v.room
		return i, nil
	}
	v.claimed++
	return i, nil
}

// claimNext takes part i, unless somebody else has. Then nothing waits: others may be
// waiting for the one that asks.
func (v *verifier) claimNext(ctx context.Context, i int) (bool, error) {
	if !v.isNext(i) {
		return false, nil
	}
	select {
	case v.room <- struct{}{}:
	case <-ctx.Done():
		return false, ctx.Err()
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.claimed != i {
		<-v.room
		return false, nil
	}
	v.claimed++
	return true, nil
}

func (v *verifier) isNext(i int) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.claimed == i
}

// begin reads the table that a part begins with. It is nil if that can't be used.
func (v *verifier) begin(ctx context.Context, p *part) (*projector.Table, error) {
	if p == v.parts[0] {
		table := v.first
		v.first = nil // let go of it when the worker does
		return table, nil
	}
	table, begins, err := v.load(ctx, *p.base)
	switch {
	case passing(ctx, err):
		return nil, err
	case err != nil:
		p.err = err
	default:
		p.begins = begins
		p.begun = stateOf(table)
		v.mu.Lock()
		v.largest = max(v.largest, table.Stats().Sessions)
		v.mu.Unlock()
	}
	close(p.loaded)
	return table, nil
}

// goOn is for the worker that has got to part i with a table. It returns that or the
// one of the keyframe there, or nil if another worker has begun the part with it.
func (v *verifier) goOn(ctx context.Context, i int, table *projector.Table) (*projector.Table, error) {
	mine, err := v.claimNext(ctx, i)
	if err != nil {
		return nil, err
	}
	p := v.parts[i]
	if mine {
		next, err := v.begin(ctx, p)
		if err != nil || next != nil {
			return next, err
		}
	} else if err := await(ctx, p.loaded); err != nil {
		return nil, err
	}
	if p.err == nil {
		return nil, nil
	}
	p.begins = v.parts[i-1].begins
	return table, nil
}

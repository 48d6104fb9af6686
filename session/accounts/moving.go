package accounts

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
)

const (
	// movingAtOnce is how many accounts are on their way at once.
	movingAtOnce = 64
	// movingBytes bounds what they hold in memory, about.
	movingBytes = 64 << 20
)

// A Moving brings many accounts, several at once. It can be repeated: accounts that came
// are there, and the others come then.
type Moving struct {
	Admin *Admin
	How   Bringing
	// Told is called after each account, by one goroutine at a time. It may not block
	// for long.
	Told func(Moved)
}

// A Moved is an account that came, or did not.
type Moved struct {
	Account string
	Outcome Outcome       // if Err is nil
	Left    []bundle.Left // what of it could not be taken
	Err     error         // why it can't be taken
}

// Run brings what bundles has. It ends with the first error of bundles that is no
// *bundle.Refusal, or of storing; accounts that were on their way are brought to their
// end or not at all.
func (m *Moving) Run(ctx context.Context, bundles iter.Seq2[*bundle.Bundle, error]) error {
	g, all := errgroup.WithContext(ctx)
	g.SetLimit(movingAtOnce)
	room := semaphore.NewWeighted(movingBytes)
	var mu sync.Mutex
	told := func(one Moved) {
		mu.Lock()
		defer mu.Unlock()
		m.Told(one)
	}
	seen := map[events.JID]struct{}{}
	var failed error
	for b, err := range bundles {
		var refused *bundle.Refusal
		if errors.As(err, &refused) {
			told(Moved{Account: refused.Account, Err: refused.Reason})
			continue
		}
		if failed = err; failed != nil {
			break
		}
		if _, twice := seen[b.Account]; twice {
			told(Moved{Account: b.Account.String(), Err: errors.New("it comes twice; the first one was taken")})
			continue
		}
		seen[b.Account] = struct{}{}
		size := min(int64(b.Size()), movingBytes)
		if room.Acquire(all, size) != nil {
			break
		}
		g.Go(func() error {
			defer room.Release(size)
			return m.bring(all, b, told)
		})
	}
	if err := g.Wait(); err != nil && failed == nil {
		failed = err
	}
	if failed == nil {
		failed = ctx.Err()
	}
	return failed
}

func (m *Moving) bring(ctx context.Context, b *bundle.Bundle, told func(Moved)) error {
	outcome, err := m.Admin.Bring(ctx, m.How, b)
	var refused *bundle.Refusal
	switch {
	case errors.As(err, &refused):
		err = refused.Reason
	case err != nil:
		return fmt.Errorf("%s: %w", b.Account, err)
	}
	one := Moved{Account: b.Account.String(), Outcome: outcome, Err: err}
	if err != nil || outcome != Existed {
		one.Left = b.Left
	}
	told(one)
	return nil
}

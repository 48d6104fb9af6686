package export

import (
	"context"
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Between two runs of Follow lies at least a minute, and enough for the hour that goes on,
// whose files are written anew each time, to take at most a twentieth of one processor.
const (
	followEvery = time.Minute
	followRest  = 20
)

// A Follower is told how Follow goes. Its functions must not block.
type Follower struct {
	Done        func(*Result) // of each run
	Interrupted func(error)   // the log can't be reached; it goes on when that can be again
}

// Follow exports what the log has and what comes, until ctx ends, which is no error. An
// hour's files are whole about two minutes after its end, whether anything comes then or
// not. Errors are those of Run, but for those that pass.
func Follow(ctx context.Context, c Config, f Follower) error {
	return follow(ctx, c, f, func(took time.Duration) {
		select {
		case <-ctx.Done():
		case <-time.After(max(followEvery, followRest*took)):
		}
	})
}

func follow(ctx context.Context, c Config, f Follower, pause func(took time.Duration)) error {
	for {
		begun := time.Now()
		r, err := Run(ctx, c)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			f.Done(r)
		case errors.Is(err, events.ErrUnavailable):
			f.Interrupted(err)
		default:
			return err
		}
		if pause(time.Since(begun)); ctx.Err() != nil {
			return nil
		}
	}
}

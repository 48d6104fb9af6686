package replay

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/projector"
)

// Beginning returns the table of the earliest place at which all sessions are known: that
// before the first record or, if the log has forgotten its beginning, that of the first
// good keyframe that is left. Where there is none it is empty, and not Whole: sessions
// that began in the part that was removed are missing up to the record that repeats them.
func Beginning(ctx context.Context, from Archive) (*Past, error) {
	info, err := from.Info(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask for the log's end: %w", err)
	}
	past := &Past{Table: projector.NewTable(), Whole: whole(info)}
	if past.Whole {
		return past, nil
	}
	past.Begins = time.Now().UnixNano()
	if from.Keyframes == nil {
		return past, nil
	}
	t, h, err := from.earliest(ctx, info, Span{})
	if err != nil {
		return nil, err
	}
	if h != nil {
		past.Table, past.Whole, past.Begins = t, h.Begins == 0, h.Begins
	}
	return past, nil
}

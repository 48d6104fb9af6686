package connector

import (
	"context"
	"time"

	"github.com/rollcall-xmpp/rollcall/session"
)

// A log that fills up refuses logins while the ends of sessions still fit. The service
// has to know how large it is.

const (
	// askEvery is how often the log is asked for its size: before a busy system could
	// write nearLimit bytes.
	askEvery = 2 * time.Second
	// askOften is how often it is when fewer than nearLimit are left.
	askOften  = 250 * time.Millisecond
	nearLimit = 64 << 20
	// tellEvery is how often the operator is told that logins are refused.
	tellEvery = time.Minute
)

// keepReserve lets the service keep the log's reserve, and tells the operator when
// it refuses something for its sake, until ctx ends.
func (c *connector) keepReserve(ctx context.Context, svc *session.Service) {
	var told time.Time
	var refused uint64 // that the operator knows of
	for {
		pause := askEvery
		if info, err := c.Log.Info(ctx); err == nil && svc.KeepReserve(info, c.Table.Sessions()) < nearLimit {
			pause = askOften
		}
		if n := svc.Refused(); n > refused && time.Since(told) >= tellEvery {
			c.Logger.Error("the log is full but for the ends of sessions: logins are refused, and then all else that is stored there; see rollcall log", "refused", n-refused)
			told, refused = time.Now(), n
		}
		if !wait(ctx, pause) {
			return
		}
	}
}

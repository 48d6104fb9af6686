package ask

import (
	"context"
	"fmt"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/roster"
)

// A Source is what answers are made of. It is as safe for concurrent use as its parts.
type Source struct {
	Archive  replay.Archive
	Pre      Pre
	Now      Present
	Leases   Leases
	Accounts Accounts
}

// Pre is what happens before there is an account; bus.Pre is one.
type Pre interface {
	replay.Pre
	Info(context.Context) (events.Info, error)
}

// Present is what is true now.
type Present interface {
	// Position is the record after which, or after a later one, the answers are so; 0 if
	// that is not known.
	Position() events.Seq
	// Sessions are all that there are, in no order.
	Sessions(context.Context) ([]query.Session, error)
	// SessionsOf are those of some accounts, in no order.
	SessionsOf(context.Context, []events.JID) ([]query.Session, error)
	// Account is one account; nil if nothing is known of it.
	Account(context.Context, events.JID) (*session.Account, error)
	// Holdings are what each connector holds.
	Holdings(context.Context) ([]query.Holding, error)
}

// Leases are those that connectors hold now; bus.Leases has them.
type Leases interface {
	Alive(context.Context) ([]events.LeaseState, error)
	// Clock is the time by which leases are renewed.
	Clock(context.Context) (time.Time, error)
}

// Accounts are what is kept of accounts beside the log; accounts.Store has it.
type Accounts interface {
	// Credentials fails with auth.ErrNoAccount if there is no such account.
	Credentials(context.Context, events.JID) (*auth.Credentials, error)
	// Contacts are nil for an empty roster; it fails with auth.ErrNoAccount.
	Contacts(context.Context, events.JID) (*roster.Roster, error)
}

// Known says of which moment an answer is, and whether all was known.
type Known struct {
	At    events.Seq `json:"at"`    // the record after which it is so; 0: of now
	Whole bool       `json:"whole"` // all sessions that there were are known: see replay.Past.Whole
}

// IsNow reports the moment that is no look into the past.
func IsNow(m replay.Moment) bool { return m == replay.Moment{} }

// count is "1 session", "2 sessions".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

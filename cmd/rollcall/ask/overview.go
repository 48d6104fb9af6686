package ask

import (
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

// OverviewStep is by what an overview draws the last day.
const OverviewStep = 15 * time.Minute

// An Overview is how a service is, from counters alone: it costs the same however many
// sessions there are and however long the log is. It names nobody.
type Overview struct {
	At     events.Seq `json:"at"` // the record of the table after which, or after a later one, it is so
	Time   time.Time  `json:"time"`
	Online Online     `json:"online"`
	// Since is from when on logins and ends are counted, and FailedSince from when on logins
	// that failed are: 24 hours ago, or later while what was before is being read, which is
	// begun when somebody first asks.
	Since       *time.Time `json:"since"`
	FailedSince *time.Time `json:"failed_since"`
	Complete    bool       `json:"complete"` // all of the last 24 hours is counted
	// Of the last minute (60 to 70 s), hour and 24 hours.
	Minute     stats.DayCount   `json:"minute"`
	Hour       stats.DayCount   `json:"hour"`
	Day        stats.DayCount   `json:"day"`
	Steps      []stats.DayCount `json:"steps"` // of 15 minutes, the oldest first; the first and the last are shorter
	Connectors []Connector      `json:"connectors"`
	Projection Projection       `json:"projection"`
}

// Online is how many there are.
type Online struct {
	Accounts  int `json:"accounts"` // that have sessions
	Sessions  int `json:"sessions"`
	Available int `json:"available"`
	Detached  int `json:"detached"`
}

// OnlineIn is how many a table has.
func OnlineIn(t *projector.Table) Online {
	counts := t.Stats()
	o := Online{Accounts: counts.Accounts, Sessions: counts.Sessions}
	for _, c := range t.Connectors() {
		o.Available += c.Available
		o.Detached += c.Detached
	}
	return o
}

// OverviewOf puts an overview together, but for what only the process knows.
func OverviewOf(t *projector.Table, day *stats.Day, now time.Time) Overview {
	o := Overview{
		At: t.Position().Seq, Time: now.UTC(), Online: OnlineIn(t),
		Minute: day.Count(now, time.Minute), Hour: day.Count(now, time.Hour), Day: day.Count(now, 24*time.Hour),
		Steps: day.Counts(now, 24*time.Hour, OverviewStep), Connectors: []Connector{},
	}
	since, failing := day.Known(now)
	o.Since, o.FailedSince = unlessZero(since), unlessZero(failing)
	oldest := now.Add(-24*time.Hour + stats.DayStep)
	o.Complete = o.Since != nil && since.Before(oldest) && failing.Before(oldest)
	return o
}

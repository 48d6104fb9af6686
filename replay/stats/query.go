package stats

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of the things that are counted apart. Beyond them figures say that they are not
// exact.
const (
	MaxAccounts = 1 << 22 // told apart, with some 40 bytes each
	MaxNames    = 500     // of mechanisms, and of clients
	MaxFights   = 1000
	MaxSteps    = 100_000 // of a span
)

// The definitions of fights and storms; see the package.
const (
	FightWindow   = time.Minute
	ComesBack     = 5 * time.Minute
	Unnoticed     = time.Minute // longer than any lease by default
	StormWindow   = 10 * time.Second
	StormAccounts = 10
	StormFactor   = 5
)

// Names are those of all figures, in the order in which people read them.
func Names() []string {
	return []string{"concurrency", "logins", "ends", "durations", "users", "resumes", "agents", "connectors", "fights", "storms"}
}

// NamesAccounts reports a figure whose rows name accounts. The others count.
func NamesAccounts(figure string) bool { return figure == "fights" }

var (
	// ErrQuery is wrapped by the errors of queries that nothing can be answered to.
	ErrQuery = errors.New("it can't be computed")
	// ErrTooMuch: a step of the span has more records than a query may read.
	ErrTooMuch = errors.New("one step has too many events")
)

// A Query says which figures are wanted, and of when. The zero Query is of all figures
// of all that the log has, by steps that StepFor chooses.
type Query struct {
	Since, Until time.Time     // zero: from the log's beginning, to its end
	Step         time.Duration // whole seconds; 0: as StepFor says
	Figures      []string      // of Names; none: all
	To           events.Seq    // the last record of the log that is read; 0: the newest
	// Most is how many records are read, about, and For how long reading takes: then it
	// ends with the step at hand, and the answer is of a span that is shorter. Where
	// that step takes as much again, Read fails with ErrTooMuch. 0: there is no limit.
	Most uint64
	For  time.Duration
}

// validate checks what can be checked without the log.
func (q *Query) validate() error {
	if len(q.Figures) == 0 {
		q.Figures = Names()
	}
	for _, name := range q.Figures {
		if !slices.Contains(Names(), name) {
			return fmt.Errorf("%w: there is no figure %q; there are %s", ErrQuery, name, strings.Join(Names(), ", "))
		}
	}
	switch {
	case q.Step < 0 || q.Step%time.Second != 0:
		return fmt.Errorf("%w: a step is of whole seconds", ErrQuery)
	case !q.Since.IsZero() && !q.Until.IsZero() && !q.Since.Before(q.Until):
		return fmt.Errorf("%w: the span ends before it begins", ErrQuery)
	}
	return nil
}

// Covers says what an answer is of. Its JSON names are an interface, as are those of rows.
type Covers struct {
	Since    time.Time     `json:"since"` // less is covered than was asked for if the log has less, or it is not Complete
	Until    time.Time     `json:"until"`
	Step     time.Duration `json:"-"`
	Seconds  int64         `json:"step_s"`   // Step
	Complete bool          `json:"complete"` // up to the end that was asked for; otherwise another query goes on at Until
	// Known says that all sessions were known that were online at Since. If not,
	// retention has removed their beginnings, and they are missing up to the record
	// that repeats them.
	Known   bool       `json:"known"`
	Through events.Seq `json:"through"` // the newest record that was looked at; 0: none
	Records uint64     `json:"records"` // that were looked at, in both streams
	Damaged uint64     `json:"damaged"` // of them, those that can't be decoded and count for nothing
}

// An Answer has the figures that were asked for; the others are nil.
type Answer struct {
	Covers

	Concurrency []Concurrency
	Logins      []Logins
	Ends        []Ends
	Durations   []Durations
	Users       []Users
	Resumes     []Resumes
	Agents      []Agent
	Connectors  []Connector
	Fights      []Fight
	Storms      []Storm
}

// Rows are those of one figure, as a slice of its type.
func (a *Answer) Rows(figure string) any {
	switch figure {
	case "concurrency":
		return a.Concurrency
	case "logins":
		return a.Logins
	case "ends":
		return a.Ends
	case "durations":
		return a.Durations
	case "users":
		return a.Users
	case "resumes":
		return a.Resumes
	case "agents":
		return a.Agents
	case "connectors":
		return a.Connectors
	case "fights":
		return a.Fights
	case "storms":
		return a.Storms
	}
	return nil
}

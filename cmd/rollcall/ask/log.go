package ask

import (
	"context"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

// A LogReport is how full the log was at one moment, and what helps.
type LogReport struct {
	*capacity.Report
	Frames []events.Keyframe // of this log, the oldest first
	Advice []LogAdvice
}

// LookAtLog reports on the log, and costs what capacity.Look does. sessions is how many
// are live; below 0: nobody knows.
func LookAtLog(ctx context.Context, log capacity.Log, frames events.Keyframes, sessions int, now time.Time) (*LogReport, error) {
	report, err := capacity.Look(ctx, log, sessions, now)
	if err != nil {
		return nil, err
	}
	l := &LogReport{Report: report}
	if l.Frames, err = frames.List(ctx); err != nil {
		return nil, err
	}
	l.Frames = slices.DeleteFunc(l.Frames, func(k events.Keyframe) bool { return k.Created != report.Created.UnixNano() })
	l.Advice, err = AdviceFor(ctx, log, report)
	return l, err
}

// A LogState is the log as scripts see it. It names nobody.
type LogState struct {
	Stream   string  `json:"stream"`
	Level    string  `json:"level"` // fine, warning, critical, or full: logins are refused
	Created  string  `json:"created"`
	Records  uint64  `json:"records"`
	First    uint64  `json:"first_seq"`
	FirstAt  string  `json:"first_time"` // RFC 3339, UTC; "" without records
	Last     uint64  `json:"last_seq"`
	LastAt   string  `json:"last_time"`
	Bytes    uint64  `json:"bytes"`
	MaxBytes uint64  `json:"max_bytes"`    // 0: no limit
	Mark     uint64  `json:"logins_until"` // bytes at which logins are refused; 0: none
	Used     float64 `json:"used"`         // share of that, or of the space that the disk gives if that is less; 0 to 1 and above
	Sessions *int    `json:"sessions"`     // for whose ends the rest is; null: nobody says how many
	MaxAge   int64   `json:"max_age"`      // seconds; 0: forever

	Keyframes  int    `json:"keyframes"`
	KeyframeAt string `json:"keyframe_time"` // of the newest: when its record was stored; "" if there is none

	Day    LogRate `json:"last_day"`
	Hour   LogRate `json:"last_hour"`
	FullIn *int64  `json:"full_in"` // seconds until logins are refused, or the disk is full; null: never, or nobody can tell

	At       string      `json:"time"`     // when it was looked at
	Headline string      `json:"headline"` // in one line, for people
	Advice   []LogAdvice `json:"advice"`   // what gives it room; none while the level is fine

	DiskFree *uint64 `json:"disk_free"` // bytes by which the log can still grow; null: nobody can tell
	FullBy   string  `json:"full_by"`   // what is full first: log (its limit), disk, or account (of NATS); "": nobody can tell
}

// A LogRate is what was written over a time that ends now.
type LogRate struct {
	Seconds int64   `json:"seconds"` // measured; 0: the log is too young
	Events  float64 `json:"events_a_day"`
	Bytes   float64 `json:"bytes_a_day"`
}

// State is the report for scripts.
func (l *LogReport) State() LogState {
	r := l.Report
	rate := func(r capacity.Rate) LogRate { return LogRate{int64(r.Over.Seconds()), r.Events, r.Bytes} }
	v := LogState{
		Stream: r.Stream, Level: r.Level().String(), Created: rfc3339(r.Created), Records: r.Records,
		First: uint64(r.First), FirstAt: rfc3339(r.FirstAt), Last: uint64(r.Last), LastAt: rfc3339(r.LastAt),
		Bytes: r.Bytes, MaxBytes: r.MaxBytes, Mark: r.Mark, Used: r.Used(),
		MaxAge: int64(r.MaxAge.Seconds()), Keyframes: len(l.Frames), Day: rate(r.Day), Hour: rate(r.Hour),
		At: rfc3339(r.At), Headline: Headline(r), Advice: append([]LogAdvice{}, l.Advice...),
	}
	if r.Sessions >= 0 {
		v.Sessions = &r.Sessions
	}
	if len(l.Frames) > 0 {
		v.KeyframeAt = rfc3339(l.Frames[len(l.Frames)-1].StoredAt())
	}
	if r.FullIn != capacity.Never {
		s := int64(r.FullIn.Seconds())
		v.FullIn = &s
	}
	if r.Disk != nil {
		v.DiskFree = &r.Disk.Free
	}
	v.FullBy = fullBy(r)
	return v
}

// fullBy names what is full first.
func fullBy(r *capacity.Report) string {
	switch room, byDisk := r.Room(); {
	case room == 0:
		return ""
	case !byDisk:
		return "log"
	case r.Disk.Account:
		return "account"
	}
	return "disk"
}

func rfc3339(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return query.Timestamp(t.UnixNano())
}

// A Projection is how far a process's table is. It names nobody.
type Projection struct {
	Position events.Seq `json:"position"` // the record that the table has last
	State    string     `json:"state"`    // ready, rebuilding, stuck, or cut_off: the log does not answer
	Detail   string     `json:"detail"`
	Percent  *float64   `json:"percent"`     // of a rebuild
	Lag      *uint64    `json:"lag_events"`  // that it has to read; none: nobody knows
	Lagging  *float64   `json:"lag_seconds"` // since the first of these was stored
}

package web

import (
	"fmt"
	"time"
)

// A standing is how things are now, and how the last day was.
type standing struct {
	Online            struct{ Accounts, Sessions, Available, Detached int }
	Minute, Hour, Day tally
	Steps             []tally
	Time              time.Time
	Complete          bool       // the whole day is counted
	Since             *time.Time // from when on it is
	FailedSince       *time.Time `json:"failed_since"` // and logins that failed
	Connectors        []connector
	Log               logStanding
	Logins, Ends      plot // of the day
}

// HourKnown reports that all of the last hour is counted, but for a part of its first step.
func (s *standing) HourKnown() bool {
	begins := s.Time.Add(-time.Hour + time.Minute)
	return s.Complete || s.Since != nil && s.FailedSince != nil && s.Since.Before(begins) && s.FailedSince.Before(begins)
}

// A tally is what happened in a time that begins at At.
type tally struct {
	At                time.Time
	Succeeded, Failed int
	Ends              map[string]int // by reason
}

// Ended is how many sessions did.
func (t tally) Ended() (n int) {
	for _, one := range t.Ends {
		n += one
	}
	return n
}

// A logStanding is how full the log is, and how far behind it the table.
type logStanding struct {
	Level, Headline string
	Records         uint64
	Bytes           uint64
	MaxBytes        int64   `json:"max_bytes"`
	Used            float64 // of max_bytes
	FullIn          *int64  `json:"full_in"` // seconds
	MaxAge          int64   `json:"max_age"` // seconds
	DiskFree        *uint64 `json:"disk_free"`
	FullBy          string  `json:"full_by"` // log, disk, or account (of NATS)
	LastDay         *struct {
		Seconds float64
		Events  float64 `json:"events_a_day"`
		Bytes   float64 `json:"bytes_a_day"`
	} `json:"last_day"`
	Advice []struct {
		Command        string
		RemovesRecords uint64 `json:"removes_records"`
	}
	Projection struct {
		Position   uint64
		State      string
		Detail     string
		Percent    *float64
		LagEvents  *uint64  `json:"lag_events"`
		LagSeconds *float64 `json:"lag_seconds"`
	}
}

// Mark is the class of the log's level.
func (l *logStanding) Mark() string {
	return map[string]string{"fine": "good", "warning": "wait"}[l.Level] + map[bool]string{true: "bad"}[l.Level == "critical" || l.Level == "full"]
}

// Percent is how full it is.
func (l *logStanding) Percent() string { return fmt.Sprintf("%.1f %%", 100*l.Used) }

// Full is when it, or its disk if that is earlier, will be full at the present rate, which
// takes an hour to know.
func (l *logStanding) Full() string {
	first := map[string]string{"log": ": then its limit is reached", "disk": ": then its disk is full", "account": ": then its NATS account has no room"}[l.FullBy]
	switch {
	case l.FullIn != nil:
		return "in " + duration(time.Duration(min(*l.FullIn, 1<<32))*time.Second) + ", at this rate" + first
	case l.LastDay == nil || l.LastDay.Seconds < 3600:
		return "not known until the log is an hour old"
	}
	return "not in sight"
}

// Disk is how much room it has, whatever its limit; "" if nobody can tell.
func (l *logStanding) Disk() string {
	if l.DiskFree == nil {
		return ""
	}
	room := "room for " + size(*l.DiskFree) + " more"
	if l.FullBy == "account" {
		room += ", by the limit of its NATS account"
	}
	return room
}

// Rate is how fast it grows; "" if nobody knows.
func (l *logStanding) Rate() string {
	d := l.LastDay
	if d == nil || d.Seconds <= 0 {
		return ""
	}
	over := time.Duration(d.Seconds * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%s events and %s a day, by the last %s", count(int64(d.Events+.5)), size(d.Bytes), duration(over))
}

// Lag is how far the table is behind the log.
func (l *logStanding) Lag() string {
	p := &l.Projection
	switch {
	case p.LagEvents == nil:
		return "and how far behind the log is not known"
	case *p.LagEvents == 0:
		return "level with the log"
	case p.LagSeconds == nil:
		return count(*p.LagEvents) + " events behind the log"
	}
	return fmt.Sprintf("%s events and %s behind the log", count(*p.LagEvents), duration(time.Duration(*p.LagSeconds*float64(time.Second))))
}

// overview shows how things stand, and follows it.
func overview(v *visit) (*shown, error) {
	var body standing
	if err := v.ask("How things stand", "/v1/overview", nil, &body); err != nil {
		return nil, err
	}
	if err := v.ask("The log, and how far the table is", "/v1/log", nil, &body.Log); err != nil {
		return nil, err
	}
	body.draw(v.zone)
	return &shown{
		template: "overview", Title: "Overview", Live: "?class=session,presence,connector", Body: &body, parts: []string{"now"},
	}, nil
}

// draw draws the steps of the day.
func (s *standing) draw(zone *time.Location) {
	if len(s.Steps) < 3 {
		return
	}
	step := s.Steps[2].At.Sub(s.Steps[1].At) // the first is a part of one
	since := s.Steps[1].At.Add(-step)
	good, bad, ends := make([]int, len(s.Steps)), make([]int, len(s.Steps)), map[string][]int{}
	for i, t := range s.Steps {
		good[i], bad[i] = t.Succeeded, t.Failed
		for reason, n := range t.Ends {
			if ends[reason] == nil {
				ends[reason] = make([]int, len(s.Steps))
			}
			ends[reason][i] = n
		}
	}
	until := since.Add(time.Duration(len(s.Steps)) * step)
	s.Logins = plotOf("Logins of the last day", since, until, step, zone, []series{{Name: "succeeded", of: good}, {Name: "failed", Class: "series-5", of: bad}})
	s.Ends = plotOf("Ends of sessions of the last day", since, until, step, zone, greatest(ends, len(s.Steps)))
}

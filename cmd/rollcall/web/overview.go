package web

import (
	"fmt"
	"net/url"
	"time"
)

// A standing is how things are now, and how the last day was.
type standing struct {
	Table      struct{ Accounts, Sessions, Available, Detached int }
	Connectors struct{ Items []connector }
	Log        logStanding
	Logins     *day // nil where just what changes is asked for
	Ends       *day
}

// A day is one of the API's figures of the last 24 hours.
type day struct {
	covers
	Plot    plot
	Problem string // why there is none
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
	LastDay         struct {
		Events float64 `json:"events_a_day"`
		Bytes  float64 `json:"bytes_a_day"`
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

// Full is when it will be full at the present rate.
func (l *logStanding) Full() string {
	if l.FullIn == nil {
		return "not in sight"
	}
	return "in " + duration(time.Duration(min(*l.FullIn, 1<<32))*time.Second)
}

// Lag is how far the table is behind the log.
func (l *logStanding) Lag() string {
	p := &l.Projection
	switch {
	case p.LagEvents == nil:
		return "unknown"
	case *p.LagEvents == 0:
		return "none"
	case p.LagSeconds == nil:
		return count(*p.LagEvents) + " events"
	}
	return fmt.Sprintf("%s events, %s", count(*p.LagEvents), duration(time.Duration(*p.LagSeconds*float64(time.Second))))
}

// overview shows how things stand. What changes by itself is asked for again and again, the
// figures of the day are not.
func overview(v *visit) (*shown, error) {
	var body standing
	for _, q := range []struct {
		what, path string
		into       any
	}{
		{"How many are online", "/v1/table", &body.Table},
		{"Connectors", "/v1/connectors", &body.Connectors},
		{"The log, and how far the table is", "/v1/log", &body.Log},
	} {
		if err := v.ask(q.what, q.path, nil, q.into); err != nil {
			return nil, err
		}
	}
	s := &shown{template: "overview", Title: "Overview", Live: "?class=session,presence,connector", Body: &body, parts: []string{"now"}}
	if v.part() == "now" {
		return s, nil
	}
	var err error
	if body.Logins, err = v.day("Logins of the last day", "logins", drawLogins); err != nil {
		return nil, err
	}
	body.Ends, err = v.day("Ends of the last day", "ends", drawEnds)
	return s, err
}

// day asks for a figure of the last 24 hours. One that can't be had is missing by itself.
func (v *visit) day(what, figure string, draw func(*visit, *analysis) error) (*day, error) {
	a := analysis{Title: what}
	if err := v.ask(what, "/v1/stats/"+figure, url.Values{"since": {"-24h"}}, &a.Covers); err != nil {
		p, ok := err.(*problem)
		if !ok {
			return nil, err
		}
		return &day{Problem: p.Detail}, nil
	}
	if err := draw(v, &a); err != nil {
		return nil, err
	}
	d := &day{covers: a.Covers}
	if a.Plot != nil {
		d.Plot = *a.Plot
	}
	return d, nil
}

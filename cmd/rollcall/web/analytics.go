package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// An analysis is one of the API's figures, drawn and in a table.
type analysis struct {
	Figures      []link
	Here         string // name of the figure
	Title, About string
	Since, Until string  // as asked
	Problem      problem // of what was typed
	Spans        []navLink
	Covers       covers
	Plot         *plot
	Table        table
	Rest         string // address of the same figure of the rest of the span; "": it is whole
	SQL          string // that computes it from an export
	Command      string
}

// covers says what a figure is of.
type covers struct {
	Since, Until    time.Time
	Seconds         int64 `json:"step_s"`
	Complete, Known bool
	Records         uint64
	Damaged         uint64
	Items           json.RawMessage
}

func (c *covers) step() time.Duration { return time.Duration(c.Seconds) * time.Second }

// steps is how many there are.
func (c *covers) steps() int {
	if c.Seconds <= 0 || !c.Since.Before(c.Until) {
		return 0
	}
	return min(int((c.Until.Sub(c.begin())+c.step()-1)/c.step()), maxPlotSteps)
}

// maxPlotSteps is how many steps are drawn at most.
const maxPlotSteps = 2000

// begin is when the first step begins: steps begin at multiples of their length.
func (c *covers) begin() time.Time { return c.Since.Truncate(c.step()) }

// index is the step of a time.
func (c *covers) index(at time.Time) int { return int(at.Sub(c.begin()) / c.step()) }

// spans are those that a click chooses.
var spans = []struct{ name, since string }{{"hour", "-1h"}, {"day", "-24h"}, {"week", "-168h"}, {"30 days", "-720h"}}

// analytics shows one figure of a span.
func analytics(v *visit) (*shown, error) {
	f, err := figureOf(v.value("figure"))
	if err != nil {
		return nil, err
	}
	body := analysis{Here: f.name, Title: f.title, About: f.about, Since: v.value("since"), Until: v.value("until"), SQL: f.sql()}
	asked := url.Values{}
	command := []string{"rollcall", "stats", f.name}
	for _, p := range [...]struct{ name, value string }{{"since", body.Since}, {"until", body.Until}} {
		if p.value != "" {
			asked.Set(p.name, p.value)
			command = append(command, "--"+p.name, p.value)
		}
	}
	body.Command = shellLine(command)
	for i := range figures {
		body.Figures = append(body.Figures, link{figures[i].title, analyticsPath(figures[i].name, body.Since, body.Until)})
	}
	for _, s := range spans {
		body.Spans = append(body.Spans, navLink{link{s.name, analyticsPath(f.name, s.since, "")}, body.Since == s.since && body.Until == "" || body.Since == "" && s.since == "-24h"})
	}
	s := &shown{template: "analytics", Title: "Analytics", Body: &body}
	if err := v.ask(f.title, "/v1/stats/"+f.name, asked, &body.Covers); err != nil {
		p, ok := faultOf(err, "since", "until")
		if !ok {
			return nil, err
		}
		body.Problem, s.Status = *p, p.Status
		return s, nil
	}
	if !body.Covers.Complete {
		body.Rest = analyticsPath(f.name, body.Covers.Until.Format(time.RFC3339Nano), body.Until)
	}
	return s, f.draw(v, &body)
}

// figureOf finds a figure by its name; "" is the first.
func figureOf(name string) (*figure, error) {
	if name == "" {
		return &figures[0], nil
	}
	names := make([]string, len(figures))
	for i := range figures {
		if names[i] = figures[i].name; names[i] == name {
			return &figures[i], nil
		}
	}
	return nil, &problem{Status: http.StatusNotFound, Title: "No such figure", Detail: "the figures are " + strings.Join(names, ", ")}
}

func analyticsPath(name, since, until string) string {
	query := url.Values{"figure": {name}}
	if since != "" {
		query.Set("since", since)
	}
	if until != "" {
		query.Set("until", until)
	}
	return "/analytics?" + query.Encode()
}

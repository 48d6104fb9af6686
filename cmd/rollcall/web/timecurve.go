package web

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/chart/axis"
)

// The curve is drawn in units of its own, which the page stretches.
const (
	curveWide = 1000
	curveHigh = 170
	// curvePoints is how many steps it has, about.
	curvePoints = "80"
)

// How long the curve may take: for a page that is all waited for, and for the part with the
// curve alone.
const (
	patienceOfPages = time.Second
	maxDrawing      = 20 * time.Second
)

// A figureOnline is a figure of the API: how many were online, at some instants.
type figureOnline struct {
	Since, Until time.Time
	Exact        bool // otherwise the most of a step is not known
	Whole        bool // no beginning of a session was removed
	Items        []online
}

// online is how many were, from an instant to the next.
type online struct {
	At                 time.Time
	Sessions, Accounts int
	Most               int `json:"most_sessions"`
	MostAccounts       int `json:"most_accounts"`
}

// A curve is a drawing of a figure.
type curve struct {
	figureOnline
	Line, Accounts, Under string // paths
	Buckets               []bucket
	Levels                []level
	Most                  int
}

// A bucket is a step of the figure, which a click leads to.
type bucket struct {
	link
	online
	X, Width string
}

// A level is a number that the axis names.
type level struct {
	Y, Text string // of its line and its text
	Number  int
}

// asked is the span as the API's figures have it.
func (p *timeline) asked() url.Values {
	query := url.Values{"since": {p.Span.from(p.Span.Since)}, "until": {p.Span.upTo(p.Span.Until)}}
	if !p.Span.Until.Before(p.visit.now) {
		query.Del("until")
	}
	return query
}

// draw asks for the figure of the span. One that takes long is left for later, so that the
// table need not wait.
func (p *timeline) draw() error {
	c, v := &curve{}, p.visit
	p.Curve = c
	patience := maxDrawing
	if v.part() == "" && v.value("curve") != "wait" {
		patience = patienceOfPages
	}
	asked := p.asked()
	asked.Set("points", curvePoints)
	late, err := v.askWithin(patience, "The curve", "/v1/stats/online", asked, &c.figureOnline)
	switch {
	case late:
		p.Late = p.address(url.Values{"curve": {"wait"}})
		return nil
	case err != nil:
		p.NoCurve, err = here(err)
		return err
	case c.Since.After(p.Span.Since) && c.Since.Before(p.Span.Until):
		p.Span.Since = c.Since.Truncate(time.Millisecond) // where the log begins
	}
	if len(c.Items) == 0 {
		p.NoCurve = &problem{Status: http.StatusOK, Detail: "The log has nothing of this span."}
		return nil
	}
	c.plot(p)
	return p.mark()
}

// plot makes the drawing.
func (c *curve) plot(p *timeline) {
	for i := range c.Items {
		c.Most = max(c.Most, c.Items[i].Most)
	}
	top, each := axis.Top(c.Most, fewLevels)
	for n := each; n <= top; n += each {
		y := curveHigh - curveHigh*float64(n)/float64(top)
		y += 12
		c.Levels = append(c.Levels, level{plain(y), plain(y + 13), n})
	}
	since, until := p.Span.Since, p.Span.Until
	x := func(t time.Time) string { return plain(percent(t, since, until) * curveWide / 100) }
	c.Line = c.path(x, top, func(o *online) int { return o.Most })
	c.Accounts = c.path(x, top, func(o *online) int { return o.MostAccounts })
	c.Under = strings.Replace(c.Line, "M", "M"+x(c.Items[0].At)+" "+strconv.Itoa(curveHigh)+"L", 1) + "V" + strconv.Itoa(curveHigh) + "Z"
	for i := range c.Items {
		b := bucket{online: c.Items[i], X: x(c.Items[i].At)}
		end := c.Until
		if i+1 < len(c.Items) {
			end = c.Items[i+1].At
		}
		b.Width = plain((percent(end, since, until) - percent(b.At, since, until)) * curveWide / 100)
		b.Text = b.At.In(p.visit.zone).Format("2006-01-02 15:04:05")
		b.To = p.address(url.Values{"at": {p.Span.upTo(b.At)}, "from": {""}, "to": {""}})
		c.Buckets = append(c.Buckets, b)
	}
}

// path is a line that is level within each step.
func (c *curve) path(x func(time.Time) string, top int, of func(*online) int) string {
	var b strings.Builder
	for i := range c.Items {
		y := plain(curveHigh - curveHigh*float64(of(&c.Items[i]))/float64(top))
		switch {
		case i == 0:
			b.WriteString("M" + x(c.Items[i].At) + " " + y)
		case of(&c.Items[i]) != of(&c.Items[i-1]):
			b.WriteString("H" + x(c.Items[i].At) + "V" + y)
		}
	}
	return b.String() + "H" + x(c.Until)
}

// plain is a coordinate to a hundredth.
func plain(n float64) string {
	return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(n, 'f', 2, 64), "0"), ".")
}

// Ticks are the times that the axis names.
func (p *timeline) Ticks() []tick { return ticksOf(p.Span.Since, p.Span.Until, p.visit.zone) }

// A handle marks a moment on the curve. One that is not there has no place.
type handle struct {
	Name, Label, X string
	At             string // in milliseconds, or now; "": not known
}

// Handles are those that there may be: of the table's moment, and of two that are compared.
func (p *timeline) Handles() []handle {
	list := []handle{{Name: "at", Label: "Moment"}, {Name: "from", Label: "First moment"}, {Name: "to", Label: "Second moment"}}
	for i, m := range [...]moment{p.At, p.From, p.To} {
		if p.Comparing() != (i > 0) {
			continue
		}
		switch {
		case m.Live(): // where the curve ends
			list[i].At, list[i].X = "now", "100"
			continue
		case m.Time.IsZero():
			continue
		}
		list[i].At = strconv.FormatInt(m.Time.UnixMilli(), 10)
		if p.Span.has(m.Time) {
			list[i].X = plain(percent(m.Time, p.Span.Since, p.Span.Until))
		}
	}
	return list
}

// instant is when a moment is, or was.
func (p *timeline) instant(m moment) time.Time {
	if m.Live() {
		return p.visit.now
	}
	return m.Time
}

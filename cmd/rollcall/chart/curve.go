package chart

import (
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/chart/axis"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

// How many the axes name at most.
const (
	fewLevels = 5
	fewTicks  = 9
)

// A scale has the places of the curve.
type scale struct {
	since, until time.Time
	most         int // at the top
}

func (s scale) x(t time.Time) float64 {
	if !s.since.Before(s.until) {
		return left
	}
	part := float64(t.Sub(s.since)) / float64(s.until.Sub(s.since))
	return left + min(max(part, 0), 1)*(right-left)
}

func (s scale) y(n int) float64 { return top + curveHigh - float64(n)/float64(s.most)*curveHigh }

// most are the most sessions and accounts of all steps.
func (d *drawing) most() (sessions, accounts int) {
	for _, c := range d.answer.Concurrency {
		sessions, accounts = max(sessions, c.MostSessions), max(accounts, c.MostAccounts)
	}
	return sessions, accounts
}

// curve draws how many were online: of each step the most.
func (d *drawing) curve() {
	a := d.answer
	sessions, _ := d.most()
	most, step := axis.Top(sessions, fewLevels)
	s := scale{a.Since, a.Until, most}
	d.text(left, 32, "head", "Online")
	d.text(left, 52, "soft", d.span()+", the most of each "+stepName(a.Step))
	d.legend()
	for n := 0; n <= most; n += step {
		y := number(s.y(n))
		d.put(`<path class="grid" d="M%d %sH%d"/>`, left, y, right)
		d.text(left-8, s.y(n)+4.5, "soft right", grouped(n))
	}
	for _, t := range axis.Ticks(a.Since, a.Until, d.zone, fewTicks) {
		x := s.x(t.At)
		d.put(`<path class="axis" d="M%s %dv5"/>`, number(x), top+curveHigh)
		d.text(x, top+curveHigh+20, "soft middle", t.Label)
	}
	if len(a.Concurrency) > 0 {
		line := d.line(s, func(c stats.Concurrency) int { return c.MostSessions })
		d.put(`<path class="under" d="M%d %d%sV%dZ"/>`, left, top+curveHigh, strings.Replace(line, "M", "L", 1), top+curveHigh)
		d.put(`<path class="sessions" d="%s"/>`, line)
		d.put(`<path class="accounts" d="%s"/>`, d.line(s, func(c stats.Concurrency) int { return c.MostAccounts }))
	}
	d.put(`<path class="axis" d="M%d %dH%d"/>`, left, top+curveHigh, right)
}

// line is a curve of steps, level within each.
func (d *drawing) line(s scale, of func(stats.Concurrency) int) string {
	var b strings.Builder
	for i, c := range d.answer.Concurrency {
		if x, y := number(s.x(c.At)), number(s.y(of(c))); i == 0 {
			b.WriteString("M" + x + " " + y)
		} else {
			b.WriteString("H" + x + "V" + y)
		}
	}
	b.WriteString("H" + number(s.x(d.answer.Until)))
	return b.String()
}

// legend says which line is which.
func (d *drawing) legend() {
	d.put(`<path class="sessions" d="M%d 28h24"/>`, right-190)
	d.text(right-160, 32, "", "sessions")
	d.put(`<path class="accounts" d="M%d 28h24"/>`, right-86)
	d.text(right-56, 32, "", "accounts")
}

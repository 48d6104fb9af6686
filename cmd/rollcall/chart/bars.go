package chart

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

const (
	barsLeft  = 190 // room for the longest reason
	barsRight = right - 130
)

// An end is how many sessions ended for a reason.
type end struct {
	reason   string
	sessions int
}

// total adds the steps of each reason, most first.
func total(list []stats.Ends) (all []end) {
	of := map[string]int{}
	for _, e := range list {
		of[cmp.Or(string(e.Reason), "unknown")] += e.Sessions
	}
	for reason, n := range of {
		all = append(all, end{reason, n})
	}
	slices.SortFunc(all, func(a, b end) int { return cmp.Or(b.sessions-a.sessions, cmp.Compare(a.reason, b.reason)) })
	return all
}

// bars draw how sessions ended.
func (d *drawing) bars(ends []end) {
	sum := 0
	for _, e := range ends {
		sum += e.sessions
	}
	d.text(left, barsTop-30, "head", "Ends of sessions")
	if sum == 0 {
		d.text(left, barsTop+4, "soft", "none")
		return
	}
	d.text(left, barsTop-10, "soft", grouped(sum)+" by reason")
	for i, e := range ends {
		y := float64(barsTop + 6 + barEach*i)
		long := max(float64(barsRight-barsLeft)*float64(e.sessions)/float64(ends[0].sessions), 1)
		d.text(barsLeft-10, y+barHigh-4.5, "right", e.reason)
		d.put(`<rect class="bar" x="%d" y="%s" width="%s" height="%d" rx="2"/>`, barsLeft, number(y), number(long), barHigh)
		d.text(barsLeft+long+8, y+barHigh-4.5, "soft", fmt.Sprintf("%s (%s %%)", grouped(e.sessions), Percent(e.sessions, sum)))
	}
}

// Percent is how much a part is of the whole, which is not 0, with a digit after the point;
// never 0 of a part that there is.
func Percent(part, whole int) string {
	share := 100 * float64(part) / float64(whole)
	if part > 0 && share < 0.1 {
		return "<0.1"
	}
	return fmt.Sprintf("%.1f", share)
}

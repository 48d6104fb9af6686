package stats

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The values of By in rows of durations and resumes.
const (
	ByAll    = "all"
	ByReason = "reason"
	ByClient = "client"
)

// Durations are how long sessions lasted that have ended: all, those of a reason, or those
// of a client.
type Durations struct {
	By       string   `json:"by"` // ByAll, ByReason or ByClient
	Of       string   `json:"of"` // the reason or the client
	Sessions uint64   `json:"sessions"`
	P50      int64    `json:"p50_ms"`
	P90      int64    `json:"p90_ms"`
	P99      int64    `json:"p99_ms"`
	Longest  int64    `json:"longest_ms"`
	Buckets  []Bucket `json:"buckets"`
}

// A Bucket counts the durations that are longer than those of the bucket before.
type Bucket struct {
	To       int64  `json:"to_ms"` // and not longer than this; 0: the last bucket, of any length
	Sessions uint64 `json:"sessions"`
}

// bounds are those of the buckets.
var bounds = [...]time.Duration{
	time.Second, 10 * time.Second, time.Minute, 10 * time.Minute, time.Hour, 6 * time.Hour, 24 * time.Hour, 7 * 24 * time.Hour,
}

type durations struct {
	nothing
	of map[byWord]*lengths
}

// A byWord is what durations and resumptions are of.
type byWord struct{ by, of string }

// lengths are durations of one kind.
type lengths struct {
	sketch
	buckets [len(bounds) + 1]uint64
}

func newDurations() *durations { return &durations{of: map[byWord]*lengths{}} }

func (g *durations) take(c *change) {
	for _, s := range c.ended {
		ms := milliseconds(s.Since, c.At)
		g.add(byWord{ByReason, string(c.reason)}, ms)
		if c.reason != events.ReasonResumed {
			g.add(byWord{ByAll, ""}, ms)
			g.add(byWord{ByClient, c.fold.known(s.ID).client}, ms)
		}
	}
}

// milliseconds are those between two instants, and never fewer than none.
func milliseconds(from, to int64) int64 { return max(to-from, 0) / int64(time.Millisecond) }

func (g *durations) add(of byWord, ms int64) {
	l := g.of[of]
	if l == nil {
		l = &lengths{}
		of.of = strings.Clone(of.of)
		g.of[of] = l
	}
	l.add(ms)
	i := 0
	for i < len(bounds) && ms > bounds[i].Milliseconds() {
		i++
	}
	l.buckets[i]++
}

func (g *durations) answer(all *Answer) {
	all.Durations = make([]Durations, 0, len(g.of))
	for of, l := range g.of {
		row := Durations{By: of.by, Of: of.of, Sessions: l.n, P50: l.quantile(0.5), P90: l.quantile(0.9), P99: l.quantile(0.99), Longest: l.most}
		for i, n := range l.buckets {
			b := Bucket{Sessions: n}
			if i < len(bounds) {
				b.To = bounds[i].Milliseconds()
			}
			row.Buckets = append(row.Buckets, b)
		}
		all.Durations = append(all.Durations, row)
	}
	slices.SortFunc(all.Durations, func(a, b Durations) int {
		return cmp.Or(byOrder(a.By)-byOrder(b.By), -cmp.Compare(a.Sessions, b.Sessions), cmp.Compare(a.Of, b.Of))
	})
}

// byOrder is in which order rows stand.
func byOrder(by string) int { return slices.Index([]string{ByAll, ByReason, ByClient}, by) }

package stats

import (
	"cmp"
	"slices"
)

// Resumes are what became of detachments, of all clients or of one.
type Resumes struct {
	By        string `json:"by"` // ByAll or ByClient
	Of        string `json:"of"` // the client
	Detached  uint64 `json:"detached"`
	Resumed   uint64 `json:"resumed"` // of them
	Ended     uint64 `json:"ended"`
	Open      uint64 `json:"open"`      // at the end of the span
	Elsewhere uint64 `json:"elsewhere"` // of those that were resumed: at another connector
	// Unnoticed are resumptions of sessions that were not detached; they are in none of
	// the others.
	Unnoticed uint64   `json:"unnoticed"`
	Success   *float64 `json:"success"` // resumed, of those that are not open; nil: there are none
	P50       int64    `json:"p50_ms"`  // from detached to resumed
	P90       int64    `json:"p90_ms"`
	P99       int64    `json:"p99_ms"`
}

type resumes struct {
	nothing
	of map[byWord]*detachments
}

// detachments are those of one kind.
type detachments struct {
	Resumes
	ages sketch
}

func newResumes() *resumes { return &resumes{of: map[byWord]*detachments{}} }

func (g *resumes) take(c *change) {
	for _, s := range c.ended {
		if k := c.fold.known(s.ID); k.detached != 0 {
			g.each(k.client, func(d *detachments) { d.Ended++ })
		}
	}
	switch k := c.fold.known(c.Session); {
	case c.detaches():
		g.each(k.client, func(d *detachments) { d.Detached++ })
	case !c.resumes():
	case k.detached != 0:
		g.each(k.client, func(d *detachments) { d.resume(c, milliseconds(k.detached, c.at)) })
	case !c.old.Detached():
		g.each(k.client, func(d *detachments) { d.Unnoticed++ })
	}
}

func (d *detachments) resume(c *change, age int64) {
	d.Resumed++
	d.ages.add(age)
	if c.old.Connector().Name != c.Connector.Name {
		d.Elsewhere++
	}
}

// each counts what a session did, for all and for its client.
func (g *resumes) each(client string, count func(*detachments)) {
	for _, of := range [...]byWord{{ByAll, ""}, {ByClient, client}} {
		d := g.of[of]
		if d == nil {
			d = &detachments{Resumes: Resumes{By: of.by, Of: of.of}}
			g.of[of] = d
		}
		count(d)
	}
}

func (g *resumes) answer(all *Answer) {
	all.Resumes = make([]Resumes, 0, len(g.of))
	for _, d := range g.of {
		d.Open = d.Detached - d.Resumed - d.Ended
		if over := d.Resumed + d.Ended; over > 0 {
			share := float64(d.Resumed) / float64(over)
			d.Success = &share
		}
		d.P50, d.P90, d.P99 = d.ages.quantile(0.5), d.ages.quantile(0.9), d.ages.quantile(0.99)
		all.Resumes = append(all.Resumes, d.Resumes)
	}
	slices.SortFunc(all.Resumes, func(a, b Resumes) int {
		return cmp.Or(byOrder(a.By)-byOrder(b.By), -cmp.Compare(a.Detached, b.Detached), cmp.Compare(a.Of, b.Of))
	})
}

package api

import (
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/replay"
)

// The points of a curve, about: without the parameter, and at most.
const (
	somePoints = 200
	maxPoints  = 2000
)

// online answers with the curve of how many were online, which a long span has as soon as a
// short one.
func (h *History) online(q *question) error {
	if err := q.own("since", "until", "points"); err != nil {
		return err
	}
	points := somePoints
	if text := q.r.URL.Query().Get("points"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxPoints {
			return bad("points", "it is a number from 1 to %d", maxPoints)
		}
		points = n
	}
	asked, err := statsQuery(q)
	if err != nil {
		return err
	}
	end, err := q.at(h, replay.Moment{Time: asked.Since})
	if err != nil {
		return err
	}
	defer end()
	c, err := replay.Online(q.r.Context(), h.Archive, asked.Since, asked.Until, points)
	if err != nil {
		return err
	}
	return q.give(struct {
		Since time.Time      `json:"since"`
		Until time.Time      `json:"until"`
		Exact bool           `json:"exact"`
		Whole bool           `json:"whole"`
		Items []replay.Point `json:"items"`
	}{c.Since.UTC(), c.Until.UTC(), c.Exact, c.Whole, c.Points})
}

package api

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
)

// audit answers with a page of the record of questions and changes, the newest first. That
// it was asked for is on record, too.
func (h *History) audit(q *question) error {
	p, err := auditPageOf(q)
	if err != nil {
		return err
	}
	if err := p.read(q.r.Context(), h.Audit); err != nil {
		return err
	}
	if p.limited() {
		q.server.cut.Add(1)
	}
	rows := len(p.Items)
	if err := h.record(q, &rows); err != nil {
		return err
	}
	p.Limited = p.limited()
	return q.give(p)
}

// An auditPage is entries that are read together, downwards.
type auditPage struct {
	access.Query `json:"-"`
	since, until time.Time
	limit        int
	deadline     time.Time

	Items []access.Stored `json:"items"`
	Next  struct {
		Before uint64 `json:"before"` // to go on; everything from there on was looked at
	} `json:"next"`
	Complete bool `json:"complete"`
	Scanned  int  `json:"scanned"`
	Limited  bool `json:"scan_limited"`
}

func (p *auditPage) limited() bool { return !p.Complete && len(p.Items) < p.limit }

func auditPageOf(q *question) (*auditPage, error) {
	p := &auditPage{deadline: time.Now().Add(maxScanTime), Items: []access.Stored{}}
	if err := q.own("by", "since", "until", "before", "limit"); err != nil {
		return nil, err
	}
	query := q.r.URL.Query()
	p.About, p.By = q.about, query.Get("by")
	var err error
	if p.since, p.until, err = spanOf(query); err != nil {
		return nil, err
	}
	if p.limit, err = limitOf(q); err != nil {
		return nil, err
	}
	p.Next.Before, err = beforeOf(query)
	return p, err
}

// beforeOf is the sequence of which all smaller ones are meant.
func beforeOf(query url.Values) (uint64, error) {
	if !query.Has("before") {
		return 1 << 63, nil
	}
	n, err := strconv.ParseUint(query.Get("before"), 10, 63)
	if err != nil {
		return 0, bad("before", "it is a sequence, a whole number")
	}
	return n, nil
}

// read fills the page downwards, window by window, for a record is read upwards.
func (p *auditPage) read(ctx context.Context, from Audit) error {
	info, err := from.Info(ctx)
	if err != nil {
		return err
	}
	bottom := max(info.First, 1) - 1 // a page is over when all after it was looked at
	p.Next.Before = min(p.Next.Before, uint64(info.Last)+1)
	for size := events.Seq(firstWindow); ; size = min(4*size, maxWindow) {
		top := events.Seq(max(p.Next.Before, 1) - 1)
		if top <= bottom {
			p.Complete = true
			return nil
		}
		window := events.Range{After: max(bottom, top-min(size, top)), To: top, Until: p.until}
		over, err := p.window(ctx, from, window)
		switch {
		case err != nil:
			return err
		case over || len(p.Items) == p.limit:
			p.Complete = over || p.Next.Before <= uint64(bottom)+1
			return nil
		case p.Scanned >= maxScan, time.Now().After(p.deadline):
			p.Complete = p.Next.Before <= uint64(bottom)+1
			return nil
		}
	}
}

// window adds the entries that are meant of a part of the record, and reports that
// those before it are older than the span that is asked for.
func (p *auditPage) window(ctx context.Context, from Audit, r events.Range) (over bool, err error) {
	var list []access.Stored
	for raw, err := range from.ReadRange(ctx, r) {
		if err != nil {
			return false, err
		}
		p.Scanned++
		if raw.At.Before(p.since) {
			over = true
			continue
		}
		if e, _ := access.Open(raw.Seq, raw.At, raw.Data); p.Has(&e.Entry) {
			list = append(list, e)
		}
	}
	p.Next.Before = uint64(r.After) + 1
	for _, e := range slices.Backward(list) {
		if p.Items = append(p.Items, e); len(p.Items) == p.limit {
			p.Next.Before = e.Seq
			return over && e.Seq == list[0].Seq, nil
		}
	}
	return over, nil
}

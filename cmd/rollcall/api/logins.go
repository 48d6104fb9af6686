package api

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
	"github.com/rollcall-xmpp/rollcall/replay/logins"
)

// logins answers with a page of logins, of those that succeeded and those that failed.
func (h *History) logins(q *question) error {
	p, err := loginPageOf(q)
	if err != nil {
		return err
	}
	ctx := q.r.Context()
	if err := p.read(ctx, &logins.Source{Log: h.Archive.Log, Pre: h.Pre}); err != nil {
		return err
	}
	e, err := h.encoders(ctx)
	if err != nil {
		return err
	}
	lines := batch{records: p.list}
	body, err := lines.appendTo(ctx, []byte(`{"items":[`), h.Names, e.of(q), ',')
	if err != nil {
		return err
	}
	rows := len(p.list)
	if err := h.record(q, &rows); err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	_, err = q.w.Write(p.end(body))
	return err
}

// A loginPage is logins that are read together.
type loginPage struct {
	logins.Question
	limit    int
	list     []*events.Stored
	scanned  int
	next     logins.Place
	complete bool
}

func loginPageOf(q *question) (p loginPage, err error) {
	query := q.r.URL.Query()
	if err := known(query, "filter", "since", "until", "limit", "order", "after", "before"); err != nil {
		return p, err
	}
	if p.Filter, err = loginFilterOf(q); err != nil {
		return p, err
	}
	if p.Since, p.Until, err = spanOf(query); err != nil {
		return p, err
	}
	if p.limit, err = limitOf(q); err != nil {
		return p, err
	}
	from, other := "after", "before"
	switch query.Get("order") {
	case "", "asc":
	case "desc":
		p.Newest, from, other = true, other, from
	default:
		return p, bad("order", "it is asc or desc")
	}
	if query.Has(other) {
		return p, bad(other, "with this order a page goes on with %s", from)
	}
	if text := query.Get(from); text != "" {
		place, err := logins.ParsePlace(text)
		if err != nil {
			return p, bad(from, "%v", err)
		}
		p.From = &place
	}
	return p, nil
}

// loginFilterOf reads the filter, and takes the one account that is asked about into it.
func loginFilterOf(q *question) (*filter.Filter, error) {
	f, err := filterOf(q)
	if err != nil || q.about.IsZero() {
		return f, err
	}
	return f.And("account", `"`+strings.ReplaceAll(q.about.String(), `\`, `\\`)+`"`)
}

// read fills the page, within the limits of all pages.
func (p *loginPage) read(ctx context.Context, source *logins.Source) error {
	deadline := time.Now().Add(maxScanTime)
	p.Go = func() bool {
		p.scanned++
		return p.scanned <= maxScan && (p.scanned%1000 != 0 || time.Now().Before(deadline))
	}
	r, err := source.Open(ctx, p.Question)
	if err != nil {
		return err
	}
	defer r.Close()
	for st, err := range r.All() {
		if err != nil {
			return err
		}
		if p.list = append(p.list, st); len(p.list) == p.limit {
			break
		}
	}
	p.next, p.complete = r.Place(), r.Complete()
	return nil
}

// end ends the object that an answer is.
func (p *loginPage) end(b []byte) []byte {
	b = append(b, `],"next":{"`...)
	b = append(b, map[bool]string{false: "after", true: "before"}[p.Newest]...)
	b = append(append(b, `":"`...), p.next.String()...)
	b = strconv.AppendBool(append(b, `"},"complete":`...), p.complete)
	b = strconv.AppendInt(append(b, `,"scanned":`...), int64(p.scanned), 10)
	b = strconv.AppendBool(append(b, `,"scan_limited":`...), !p.complete && len(p.list) < p.limit)
	return append(b, "}\n"...)
}

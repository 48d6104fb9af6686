package web

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// Limits of what an account's page is made of.
const (
	maxSteps  = 5000 // events
	stepsPage = 1000 // that are asked for at one time
	maxListed = 200  // sentences
)

// An accountPage is what is known of an account: who it is now, and what happened to it in
// a span of time.
type accountPage struct {
	JID  string
	Span pageSpan
	Now  []session // its sessions

	Created, Password *event // the newest of these kinds
	Removed, Disabled *event // if it is
	Role              *event

	Steps []happening // oldest first
	More  bool        // there are more in the span than the page reads
	Until time.Time

	Lanes   []*lane
	Marks   []mark
	Failed  int // logins
	Places  []place
	Problem problem
	Chart   *chart
	Last    *event // the newest, if there is none in the span
}

// account tells of one account.
func account(v *visit) (*shown, error) {
	jid := v.r.PathValue("jid")
	p := &accountPage{JID: jid}
	s := &shown{template: "account", Title: jid, Body: p, Live: pathWith("", url.Values{"account": {jid}}), Counts: "event"}
	if fault, ok := faultOf(p.Span.read(v, 7*aDay), "since", "until"); ok {
		p.Problem, s.Status = *fault, fault.Status
		return s, nil
	}
	var now struct{ Items []session }
	if err := v.ask("Its sessions now", "/v1/sessions", url.Values{"account": {jid}, "limit": {"1000"}}, &now); err != nil {
		return nil, err
	}
	p.Now = now.Items
	if err := p.ask(v); err != nil {
		return nil, err
	}
	ls, err := p.read(v)
	if err != nil {
		return nil, err
	}
	p.Lanes = slices.DeleteFunc(ls.list, (*lane).isWayBack)
	slices.Reverse(p.Lanes) // the newest first
	p.tell()
	p.Chart = drawLanes(v, p.Span.Since, p.Until, p.Lanes, p.Marks)
	if len(p.Steps) == 0 {
		p.Last = v.newest(jid)
	}
	return s, nil
}

// ask asks what was done to the account itself.
func (p *accountPage) ask(v *visit) error {
	var body struct{ Items []event }
	query := url.Values{"account": {p.JID}, "class": {"account"}, "order": {"desc"}, "limit": {"100"}}
	if err := v.ask("What was done to it", "/v1/events", query, &body); err != nil {
		return err
	}
	for i := len(body.Items) - 1; i >= 0; i-- {
		switch e := &body.Items[i]; e.part(2) {
		case "account_created":
			p.Created, p.Removed, p.Disabled, p.Role, p.Password = e, nil, nil, nil, nil
		case "account_removed":
			p.Removed = e
		case "password_changed":
			p.Password = e
		case "role_changed":
			p.Role = e
		case "account_disabled":
			p.Disabled = e
		case "account_enabled":
			p.Disabled = nil
		}
	}
	if p.Disabled != nil {
		if until := p.Disabled.instant("until"); !until.IsZero() && until.Before(v.now) {
			p.Disabled = nil
		}
	}
	return nil
}

// read reads what happened in the span.
func (p *accountPage) read(v *visit) (*lanes, error) {
	ls := &lanes{from: p.Span.Since}
	if !p.Span.All {
		var then struct{ Items []session }
		at := url.Values{"account": {p.JID}, "at": {exactly(p.Span.Since)}, "limit": {"1000"}}
		if err := v.ask("Its sessions where that begins", "/v1/sessions", at, &then); err != nil && !isForgotten(err) {
			return nil, err
		}
		for i := range then.Items {
			ls.present(&then.Items[i])
		}
	}
	if err := p.readSteps(v); err != nil {
		return nil, err
	}
	if p.Until = p.Span.Until; p.More && len(p.Steps) > 0 {
		p.Until = p.Steps[len(p.Steps)-1].Event.RecordedTime
	}
	if p.Span.All && len(p.Steps) > 0 {
		p.Span.Since = p.Steps[0].Event.RecordedTime
		ls.from = p.Span.Since
	}
	for i := range p.Steps {
		ls.take(&p.Steps[i].Event)
	}
	ls.finish(p.Until)
	return ls, nil
}

// DisabledUntil is when it will be enabled by itself; zero: it will not.
func (p *accountPage) DisabledUntil() time.Time {
	if p.Disabled == nil {
		return time.Time{}
	}
	return p.Disabled.instant("until")
}

// readSteps asks for the events of the span, a page after another.
func (p *accountPage) readSteps(v *visit) error {
	query := p.Span.query()
	query.Set("limit", strconv.Itoa(stepsPage))
	for page := 0; ; page++ {
		var body struct {
			Items []happening
			Next  struct {
				After  uint64
				Failed string `json:"failed_since"`
			}
			Complete bool
		}
		if err := v.ask("What happened to it", "/v1/accounts/"+url.PathEscape(p.JID)+"/history", query, &body); err != nil {
			return err
		}
		p.Steps = append(p.Steps, body.Items...)
		if body.Complete {
			return nil
		}
		if p.More = len(p.Steps) >= maxSteps || page == 2*maxSteps/stepsPage; p.More {
			return nil
		}
		query.Set("after", strconv.FormatUint(body.Next.After, 10))
		if body.Next.Failed != "" {
			query.Set("failed_since", body.Next.Failed)
		}
	}
}

// newest is the newest event of an account; nil if the log has none.
func (v *visit) newest(jid string) *event {
	var body struct{ Items []event }
	if v.ask("Its newest event", "/v1/events", url.Values{"account": {jid}, "order": {"desc"}, "limit": {"1"}}, &body) != nil || len(body.Items) == 0 {
		return nil
	}
	return &body.Items[0]
}

// Moves are spans that a click leads to.
func (p *accountPage) Moves() []link {
	busy := linesOf(p.Lanes)
	for i := range p.Steps {
		at := p.Steps[i].Event.RecordedTime
		busy = append(busy, span{at, at})
	}
	return p.Span.moves(busy)
}

// Listed are the newest steps, newest first, as many as a page lists.
func (p *accountPage) Listed() []happening {
	list := slices.Clone(p.Steps[max(len(p.Steps)-maxListed, 0):])
	slices.Reverse(list)
	return list
}

// Unlisted is how many steps came before those that are listed.
func (p *accountPage) Unlisted() int { return max(len(p.Steps)-maxListed, 0) }

// ListedFrom is when the first step happened that is listed.
func (p *accountPage) ListedFrom() string {
	if len(p.Steps) == 0 {
		return ""
	}
	return exactly(p.Steps[max(len(p.Steps)-maxListed, 0)].Event.RecordedTime)
}

// isForgotten reports a moment that the log no longer reaches back to.
func isForgotten(err error) bool {
	p, ok := errors.AsType[*problem](err)
	return ok && p.Status == http.StatusGone
}

// Known reports that there is anything to tell of the account.
func (p *accountPage) Known() bool {
	return len(p.Steps) > 0 || len(p.Now) > 0 || p.Created != nil || p.Last != nil
}

package api

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/bans"
)

// A Moderator keeps people out. accounts.Admin is one, and says more.
type Moderator interface {
	Disable(ctx context.Context, account events.JID, c session.DisableAccount) (ended []*session.Session, at events.Seq, err error)
	Enable(ctx context.Context, by events.Actor, account events.JID) (at events.Seq, err error)
	Ban(ctx context.Context, b bans.Ban) (at events.Seq, err error)
	Unban(ctx context.Context, by events.Actor, network netip.Prefix) (at events.Seq, err error)
}

// A penalty is what a question says of why somebody is kept out, and until when.
type penalty struct {
	params url.Values
	until  time.Time // zero: for ever
	reason string
}

// penaltyOf reads a question that has these parameters, too.
func penaltyOf(q *question, more ...string) (p penalty, err error) {
	if p.params, err = parametersOf(q, append([]string{"for", "reason"}, more...)...); err != nil {
		return p, err
	}
	p.reason = p.params.Get("reason")
	switch {
	case len(p.reason) > session.MaxKickText:
		return p, bad("reason", "%d bytes are more than %d", len(p.reason), session.MaxKickText)
	case !utf8.ValidString(p.reason):
		return p, bad("reason", "it is not UTF-8")
	case !p.params.Has("for"):
		return p, nil
	}
	d, err := replay.ParseDuration(p.params.Get("for"))
	if errors.Is(err, replay.ErrTooLong) {
		return p, bad("for", "it is %s", err)
	}
	if err != nil || d <= 0 {
		return p, bad("for", "it is a time, such as 30m, 12h or 90d")
	}
	p.until = time.Now().Add(d).Truncate(time.Second).UTC()
	return p, nil
}

// parametersOf reads those of a question, which may have these and no others.
func parametersOf(q *question, names ...string) (url.Values, error) {
	params, err := url.ParseQuery(q.r.URL.RawQuery)
	if err != nil {
		return nil, Problem{Status: http.StatusBadRequest, Detail: "the query can't be read: " + err.Error()}
	}
	return params, only(params, append(names, "min_seq"))
}

func (q *question) actor() events.Actor { return events.Actor("token " + q.by.Name) }

// disable keeps an account from being logged in to, and ends its sessions.
func (h *History) disable(q *question) error {
	p, err := penaltyOf(q)
	if err != nil {
		return err
	}
	if err := h.record(q, nil); err != nil {
		return err
	}
	c := session.DisableAccount{Text: p.reason, By: q.actor()}
	if !p.until.IsZero() {
		c.Until = p.until.UnixNano()
	}
	ctx, cancel := context.WithTimeout(q.r.Context(), kickTimeout)
	defer cancel()
	ended, at, err := h.Moderator.Disable(ctx, q.about, c)
	return q.kicked(ended, at, refusal(err))
}

// enable lets it be logged in to again.
func (h *History) enable(q *question) error {
	if _, err := parametersOf(q); err != nil {
		return err
	}
	if err := h.record(q, nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(q.r.Context(), kickTimeout)
	defer cancel()
	at, err := h.Moderator.Enable(ctx, q.actor(), q.about)
	if at == 0 {
		at = q.server.cfg.Position() // it was not disabled
	}
	return q.done(at, refusal(err))
}

// bans lists those that have not ended.
func (h *History) bans(q *question) error {
	if _, err := parametersOf(q); err != nil {
		return err
	}
	if err := h.record(q, nil); err != nil {
		return err
	}
	all, err := bans.List(q.r.Context(), h.Bans)
	if err != nil {
		return err
	}
	answer := struct {
		Bans []bans.View `json:"bans"`
	}{Bans: []bans.View{}}
	for i := range all {
		answer.Bans = append(answer.Bans, all[i].View())
	}
	return q.give(answer)
}

// ban keeps clients from connecting from a network.
func (h *History) ban(q *question) error {
	p, err := penaltyOf(q, "network", "force")
	if err != nil {
		return err
	}
	network, err := bans.Parse(p.params.Get("network"))
	if err != nil {
		return bad("network", "%s", err)
	}
	force, err := strconv.ParseBool(p.params.Get("force"))
	if err != nil && p.params.Has("force") {
		return bad("force", "it is true or false")
	}
	if err := bans.Check(network, q.from()...); err != nil && !force {
		return bad("network", "%s; with force=true it is banned all the same", err)
	}
	if err := h.record(q, nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(q.r.Context(), kickTimeout)
	defer cancel()
	b := bans.Ban{Network: network, Until: p.until, Made: time.Now().UTC().Truncate(time.Millisecond), Reason: p.reason, By: q.actor()}
	at, err := h.Moderator.Ban(ctx, b)
	return q.done(at, refusal(err))
}

// unban lifts the ban of just that network.
func (h *History) unban(q *question) error {
	params, err := parametersOf(q, "network")
	if err != nil {
		return err
	}
	network, err := bans.Parse(params.Get("network"))
	if err != nil {
		return bad("network", "%s", err)
	}
	if err := h.record(q, nil); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(q.r.Context(), kickTimeout)
	defer cancel()
	at, err := h.Moderator.Unban(ctx, q.actor(), network)
	return q.done(at, refusal(err))
}

// refusal is an error of a change as a problem. A change whose outcome is not
// certain may be repeated.
func refusal(err error) error {
	status := http.StatusServiceUnavailable
	switch {
	case err == nil:
		return nil
	case errors.Is(err, auth.ErrNoAccount), errors.Is(err, bans.ErrNoBan):
		status = http.StatusNotFound
	case errors.Is(err, bans.ErrTooMany):
		status = http.StatusConflict
	}
	return Problem{Status: status, Detail: strings.ReplaceAll(err.Error(), "\n", ": ")}
}

// done answers with the position that has the change.
func (q *question) done(at events.Seq, err error) error {
	if err != nil {
		return err
	}
	q.w.Header().Set("Rollcall-Position", strconv.FormatUint(uint64(at), 10))
	return q.give(struct {
		Position events.Seq `json:"position"`
	}{at})
}

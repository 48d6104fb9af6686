package api

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/session"
)

// kickTimeout bounds how long the log may take for the ends of sessions.
const kickTimeout = 20 * time.Second

// A Kicker ends sessions of an account. accounts.Admin is one, and says more.
type Kicker interface {
	Kick(ctx context.Context, account events.JID, k session.Kick) (ended []*session.Session, at events.Seq, err error)
}

// An endedSession is one that a kick has ended. Its names are those of sessions elsewhere.
type endedSession struct {
	ID        string     `json:"id"`
	JID       events.JID `json:"jid"`
	Connector string     `json:"connector"` // that held it
}

// kickSession ends one session. Of one that has ended there is nothing to end, though its
// past can still be read: the answer is 404, so that whoever meant another session hears it.
func (h *History) kickSession(q *question) error {
	kick, err := kickOf(q)
	if err != nil {
		return err
	}
	id, err := events.ParseID(q.r.PathValue("id"))
	if err != nil {
		return bad("id", "it is the 26 characters of a session's id")
	}
	kick.Session = events.SessionID(id)
	if !h.Ready() {
		return errRebuilding
	}
	s := find(h.Table, kick.Session)
	if s != nil {
		q.about = s.JID().Bare()
	}
	if err := h.record(q, nil); err != nil {
		return err
	}
	gone := Problem{Status: http.StatusNotFound, Detail: "no session that goes on has this id; GET of the same path tells whether it has ended"}
	if s == nil {
		return gone
	}
	ended, at, err := h.kick(q, kick)
	if err == nil && len(ended) == 0 {
		return gone
	}
	return q.kicked(ended, at, err)
}

// kickAccount ends the sessions that an account has, which may be none: then all is as it
// was wished.
func (h *History) kickAccount(q *question) error {
	kick, err := kickOf(q)
	if err != nil {
		return err
	}
	if err := h.record(q, nil); err != nil {
		return err
	}
	ended, at, err := h.kick(q, kick)
	return q.kicked(ended, at, err)
}

// kick ends sessions of the account that is asked about. If it fails, some of them may have
// ended, or all; whoever asks again ends the others.
func (h *History) kick(q *question, k session.Kick) ([]*session.Session, events.Seq, error) {
	ctx, cancel := context.WithTimeout(q.r.Context(), kickTimeout)
	defer cancel()
	ended, at, err := h.Kicker.Kick(ctx, q.about, k)
	if err != nil {
		detail := "the log has not taken all of the ends; ask again: " + strings.ReplaceAll(err.Error(), "\n", ": ")
		return nil, 0, Problem{Status: http.StatusServiceUnavailable, Detail: detail}
	}
	return ended, at, nil
}

// kickOf is the kick that is asked for, of all sessions.
func kickOf(q *question) (k session.Kick, err error) {
	params, err := url.ParseQuery(q.r.URL.RawQuery)
	if err != nil {
		return k, Problem{Status: http.StatusBadRequest, Detail: "the query can't be read: " + err.Error()}
	}
	if err := only(params, []string{"reason", "min_seq"}); err != nil {
		return k, err
	}
	k = session.Kick{Text: params.Get("reason"), By: events.Actor("token " + q.by.Name)}
	switch {
	case len(k.Text) > session.MaxKickText:
		return k, bad("reason", "%d bytes are more than %d", len(k.Text), session.MaxKickText)
	case !utf8.ValidString(k.Text):
		return k, bad("reason", "it is not UTF-8")
	}
	return k, nil
}

// find looks for a session in the table; nil if it isn't there.
func find(table *projector.Table, id events.SessionID) (s *session.Session) {
	table.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
		for a := range accounts {
			if s = a.Session(id); s != nil {
				return
			}
		}
	})
	return s
}

// kicked answers with the sessions that have ended, and the position that has their ends.
func (q *question) kicked(ended []*session.Session, at events.Seq, err error) error {
	if err != nil {
		return err
	}
	if at == 0 {
		at = q.server.cfg.Position()
	}
	answer := struct {
		Ended    []endedSession `json:"ended"`
		Position events.Seq     `json:"position"`
	}{Ended: []endedSession{}, Position: at}
	for _, s := range ended {
		answer.Ended = append(answer.Ended, endedSession{s.ID.String(), s.JID(), s.Connector().Name})
	}
	q.w.Header().Set("Rollcall-Position", strconv.FormatUint(uint64(at), 10))
	return q.give(answer)
}

// sameOrigin refuses a change that a page of another origin asks a browser for. Whoever
// shows a token in a header can't be such a page, which may not do so without our consent;
// so it holds twice.
func sameOrigin(r *http.Request) error {
	var protection http.CrossOriginProtection
	if err := protection.Check(r); err != nil {
		return Problem{Status: http.StatusForbidden, Detail: fmt.Sprintf("a page of another origin can't ask for this: %s", err)}
	}
	return nil
}

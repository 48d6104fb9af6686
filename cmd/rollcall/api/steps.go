package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// A step is an event with a sentence about it.
type step struct {
	Sentence string          `json:"sentence"`
	Event    json.RawMessage `json:"event"`
}

// stepsOf writes the events of steps as whoever asks may see them.
func (h *History) stepsOf(q *question, items []ask.Step) ([]step, error) {
	ctx := q.r.Context()
	e, err := h.encoders(ctx)
	if err != nil {
		return nil, err
	}
	encoder := e.of(q)
	shown := network
	if encoder == e.full {
		shown = func(address string) string { return address }
	}
	lines := batch{damaged: map[int]*events.PoisonError{}}
	list := make([]step, len(items))
	for i, s := range items {
		lines.records = append(lines.records, s.Stored)
		if list[i].Sentence = "A record that can't be decoded."; s.Damaged != nil {
			lines.damaged[i] = s.Damaged
		} else {
			list[i].Sentence = ask.Sentence(s.Stored, s.Held, shown)
		}
	}
	body, err := lines.appendTo(ctx, nil, h.Names, encoder, '\n')
	if err != nil {
		return nil, err
	}
	i := 0
	for line := range bytes.Lines(body) {
		list[i].Event = bytes.TrimSpace(line)
		i++
	}
	return list, nil
}

// steps answers with the history of an account, failed logins too, a page of it.
func (h *History) steps(q *question) error {
	if err := q.own("since", "until", "after", "failed_since", "limit", "filter"); err != nil {
		return err
	}
	asked, err := historyOf(q)
	if err != nil {
		return err
	}
	page, err := h.source().Steps(q.r.Context(), asked)
	if err != nil {
		return err
	}
	list, err := h.stepsOf(q, page.Items)
	if err != nil {
		return err
	}
	rows := len(list)
	if err := h.record(q, &rows); err != nil {
		return err
	}
	log, err := h.Archive.Info(q.r.Context())
	if err != nil {
		return err
	}
	type next struct {
		After  events.Seq `json:"after"`
		Failed string     `json:"failed_since"`
	}
	answer := struct {
		Items    []step     `json:"items"`
		Next     next       `json:"next"`
		Complete bool       `json:"complete"`
		Scanned  int        `json:"scanned"`
		Limited  bool       `json:"scan_limited"`
		Begins   *beginning `json:"log_begins"`
	}{list, next{After: page.After}, page.Complete, page.Scanned, !page.Complete && rows < asked.Limit, beginningOf(log, asked.After, asked.Since)}
	if !page.Failed.IsZero() {
		answer.Next.Failed = page.Failed.UTC().Format(time.RFC3339Nano)
	}
	return q.give(answer)
}

// historyOf reads the parameters of steps.
func historyOf(q *question) (h ask.History, err error) {
	params := q.r.URL.Query()
	h.Account = q.about
	if h.Since, h.Until, err = spanOf(params); err != nil {
		return h, err
	}
	if h.After, err = sequence(params, "after"); err != nil {
		return h, err
	}
	if h.Failed, err = instant(params, "failed_since"); err != nil {
		return h, err
	}
	if h.Filter, err = filterOf(q); err != nil {
		return h, err
	}
	h.Limit, err = limitOf(q)
	return h, err
}

// session answers with one session, from its beginning to its end, and a page of its
// events. Without its account that is looked for.
func (h *History) session(q *question) error {
	if err := q.own("after", "limit"); err != nil {
		return err
	}
	parsed, err := events.ParseID(q.r.PathValue("id"))
	if err != nil {
		return bad("id", "it is the 26 characters of a session's id")
	}
	after, err := sequence(q.r.URL.Query(), "after")
	if err != nil {
		return err
	}
	limit, err := limitOf(q)
	if err != nil {
		return err
	}
	end, err := q.at(h, replay.Moment{})
	if err != nil {
		return err
	}
	defer end()
	ctx, id := q.r.Context(), events.SessionID(parsed)
	if q.about.IsZero() {
		if q.about, err = h.accountOf(ctx, id); err != nil {
			return h.noSession(q, id, err)
		}
	}
	stay, err := h.source().Stay(ctx, q.about, id, after, limit)
	if err != nil {
		return h.noSession(q, id, err)
	}
	return h.giveStay(q, stay)
}

// accountOf finds whose a session is: by the record of its login or, if the log has
// forgotten that and the session goes on, by the table, all of which it may have to look at.
func (h *History) accountOf(ctx context.Context, id events.SessionID) (events.JID, error) {
	account, err := h.source().AccountOf(ctx, id)
	if errors.Is(err, ask.ErrNoSession) {
		if s := find(h.Table, id); s != nil {
			return s.JID().Bare(), nil
		}
	}
	return account, err
}

func (h *History) giveStay(q *question, stay *ask.Stay) error {
	var items []ask.Step
	for _, st := range stay.Events {
		items = append(items, ask.Step{Stored: st, Held: stay.Session.Connector})
	}
	list, err := h.stepsOf(q, items)
	if err != nil {
		return err
	}
	q.hide(&stay.Session)
	rows := len(list)
	if err := h.record(q, &rows); err != nil {
		return err
	}
	type next struct {
		After events.Seq `json:"after"`
	}
	return q.give(struct {
		*ask.Stay
		Items    []step `json:"items"`
		Next     next   `json:"next"`
		Complete bool   `json:"complete"`
		Scanned  int    `json:"scanned"`
		Limited  bool   `json:"scan_limited"`
	}{stay, list, next{stay.Next}, stay.Complete, stay.Scanned, stay.Cut})
}

// noSession says of a session that was not found where the log begins, and whether it may
// have begun before.
func (h *History) noSession(q *question, id events.SessionID, err error) error {
	if !errors.Is(err, ask.ErrNoSession) {
		return err
	}
	info, err := h.Archive.Info(q.r.Context())
	if err != nil {
		return err
	}
	if err := h.record(q, new(0)); err != nil {
		return err
	}
	where := "which is empty"
	if info.Records > 0 {
		where = fmt.Sprintf("which begins with record %d at %s", info.First, query.Timestamp(info.FirstAt.UnixNano()))
	}
	detail := fmt.Sprintf("there is no session %s in the log, %s", id, where)
	switch {
	case !q.about.IsZero():
		detail += "; not of " + q.about.String()
	case id.Began().Before(info.FirstAt):
		detail += "; by its id it began before that, and if it has gone on since it is found by its account: name that with account"
	}
	return Problem{Status: http.StatusNotFound, Detail: detail}
}

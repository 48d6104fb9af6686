package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"

	"rollcall/cmd/rollcall/api/access"
	"rollcall/cmd/rollcall/person"
	"rollcall/docs/schema"
	"rollcall/events"
	"rollcall/projector"
	"rollcall/replay"
	"rollcall/replay/filter"
	"rollcall/replay/names"
	"rollcall/replay/public"
)

// A History has all that the routes about events and sessions read, the guard that lets
// programs ask them, and the record of what was asked.
type History struct {
	Archive replay.Archive
	Pre     person.Pre
	Table   *projector.Table
	Ready   func() bool // the table is up to date
	Names   *names.Names
	Keys    events.Documents // credentials, of which no secret is told
	Rosters events.Documents
	Guard   *access.Guard
	Audit   Audit
}

// An Audit has every question on record, to write to and to read.
type Audit interface {
	access.Record
	person.Audit
}

// A Route is one of them, as it is described to programs.
type Route struct {
	Pattern string       // of http.ServeMux
	Scope   access.Scope // that whoever asks must have, for all accounts or for the one that is asked about; "": none
	stream  bool
	serve   func(*History, *question) error
}

// Routes are those that Mount mounts.
var Routes = []Route{
	{"GET /v1/events", access.Read, false, (*History).events},
	{"GET /v1/events.ndjson", access.Read, true, (*History).download},
	{"GET /v1/events/stream", access.Read, true, (*History).follow},
	{"GET /v1/sessions", access.Read, false, (*History).sessions},
	{"GET /v1/accounts/{jid}/export", access.Export, true, (*History).person},
	{"GET /v1/schemas/{file...}", "", false, (*History).schema},
	{"GET /v1/openapi.json", "", false, (*History).openapi},
}

// Mount mounts the routes of a history, which is followed until ctx ends while somebody
// follows it.
func (s *Server) Mount(ctx context.Context, h *History) {
	f := &feed{ctx: ctx, h: h}
	for i := range Routes {
		route := &Routes[i]
		s.mount(route, func(w http.ResponseWriter, r *http.Request) {
			q := &question{w: w, r: r, route: route, feed: f, server: s}
			if err := h.answer(q); err != nil {
				q.fail(err)
			}
		})
	}
}

// A question is a request that is being answered.
type question struct {
	w      http.ResponseWriter
	r      *http.Request
	route  *Route
	feed   *feed
	server *Server
	by     *access.Token // nil where nobody need say who asks
	about  events.JID    // the one account that is asked about; zero: all
	begun  bool          // the answer is on its way
}

// answer lets in whoever may ask, and answers.
func (h *History) answer(q *question) (err error) {
	if q.route.stream && q.r.Method == http.MethodHead {
		return Problem{Status: http.StatusMethodNotAllowed, Detail: "this path is for GET"}
	}
	q.unlimited().SetWriteDeadline(time.Now().Add(readerTimeout))
	if q.route.Scope == "" {
		return q.route.serve(h, q)
	}
	if q.by, err = h.Guard.Authenticate(q.r); err != nil {
		return err
	}
	if q.about, err = aboutOf(q.r); err != nil {
		return err
	}
	if !q.by.MayAbout(q.route.Scope, q.about) {
		return Problem{Status: http.StatusForbidden, Detail: fmt.Sprintf("this token has not the scope %s; rollcall token list shows what it has", q.route.Scope)}
	}
	if !q.server.Await(q.w, q.r) {
		return nil
	}
	return q.route.serve(h, q)
}

// aboutOf is the account that the path names, or the query, or the one that alone its
// filter means; zero: all.
func aboutOf(r *http.Request) (account events.JID, err error) {
	name, text := "jid", r.PathValue("jid")
	if text == "" {
		name, text = "account", r.URL.Query().Get("account")
	}
	if text == "" {
		return filter.Account(r.URL.Query().Get("filter")), nil
	}
	if account, err = events.ParseJID(text); err != nil || account.Local() == "" || !account.IsBare() {
		return account, bad(name, "it is user@domain")
	}
	return account, nil
}

// record puts on record that the question was asked. A question that can't be is not
// answered.
func (h *History) record(q *question, rows *int) error {
	host, _, _ := net.SplitHostPort(q.r.RemoteAddr)
	return access.Put(q.r.Context(), h.Audit, access.Entry{
		By: "token " + q.by.Name, From: host, Did: q.route.Pattern, Asked: q.r.URL.RawQuery, About: q.about, Rows: rows,
	})
}

// fail answers with what is wrong, unless the answer has begun.
func (q *question) fail(err error) {
	if q.begun || q.r.Context().Err() != nil {
		return
	}
	p, ok := errors.AsType[Problem](err)
	if !ok {
		p = Problem{Status: statusOf(err), Detail: strings.ReplaceAll(err.Error(), "\n", ": ")}
	}
	switch p.Status {
	case http.StatusUnauthorized:
		q.w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		q.w.Header().Set("Retry-After", "1")
	}
	WriteProblem(q.w, p)
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, access.ErrMissing), errors.Is(err, access.ErrInvalid), errors.Is(err, access.ErrExpired):
		return http.StatusUnauthorized
	case errors.Is(err, access.ErrTooFast):
		return http.StatusTooManyRequests
	case errors.Is(err, access.ErrNotReady), errors.Is(err, access.ErrUnrecorded), errors.Is(err, events.ErrUnavailable):
		return http.StatusServiceUnavailable
	case errors.Is(err, replay.ErrFuture):
		return http.StatusBadRequest
	}
	return http.StatusInternalServerError
}

// encoders write events for whoever may see clients' addresses, and for whoever may see
// their networks.
type encoders struct{ full, network *public.Encoder }

func (h *History) encoders(ctx context.Context) (e encoders, err error) {
	log, err := h.Archive.Log.Info(ctx)
	if err != nil {
		return e, err
	}
	pre, err := h.Pre.Info(ctx)
	if err != nil {
		return e, err
	}
	e.full = public.NewEncoder(public.SourceOf(log), public.SourceOf(pre), public.Options{})
	e.network = public.NewEncoder(public.SourceOf(log), public.SourceOf(pre), public.Options{Addresses: public.PrefixAddresses})
	return e, nil
}

// of is the one for a question.
func (e encoders) of(q *question) *public.Encoder {
	if q.by.MayAbout(access.ReadAddress, q.about) {
		return e.full
	}
	return e.network
}

// schema gives a published schema or vector.
func (h *History) schema(q *question) error {
	data, err := schema.Files.ReadFile(q.r.PathValue("file"))
	if err != nil {
		return Problem{Status: http.StatusNotFound, Detail: "there is no such file; event.schema.json is the schema of an event"}
	}
	kind := "application/schema+json"
	if strings.HasSuffix(q.r.PathValue("file"), ".yaml") {
		kind = "application/yaml"
	}
	q.w.Header().Set("Content-Type", kind)
	_, err = q.w.Write(data)
	return err
}

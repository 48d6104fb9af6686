package api

import (
	"context"
	"errors"
	"iter"
	"net"
	"net/http"
	"strings"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/person"
	"github.com/rollcall-xmpp/rollcall/docs/schema"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/filter"
	"github.com/rollcall-xmpp/rollcall/replay/logins"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/capacity"
)

// A History has all that the routes about events and sessions read, the guard that lets
// programs ask them, and the record of the questions.
type History struct {
	Archive replay.Archive
	Pre     Pre
	Table   *projector.Table
	Ready   func() bool // the table is up to date
	Leases  ask.Leases
	Keys    ask.Keys // credentials, of which no secret is told
	Rosters events.Documents
	Names   *names.Names
	Kicker  Kicker
	Drainer Drainer
	// Moderator keeps people out, and Bans are what it keeps of networks.
	Moderator Moderator
	Bans      events.Documents
	Guard     *access.Guard
	Tokens    events.Documents // that browsers get for codes, and end
	Audit     Audit
	// Accounts are what Keys and Rosters keep.
	Accounts ask.Accounts
	// Capacity tells how full the log is, and Projection how far Table is.
	Capacity   capacity.Log
	Projection func() ask.Projection
	// Day counts what is folded into Table.
	Day *stats.Day
	// Public has what is published, and the feeds of it.
	Public ask.FeedSource
}

// Pre is what happens before there is an account; bus.Pre is one.
type Pre interface {
	stats.DayPre
	person.Pre
	logins.Pre
}

// An Audit has every question on record, to write to and to read.
type Audit interface {
	access.Record
	person.Audit
	ReadRange(context.Context, events.Range) iter.Seq2[bus.AuditEntry, error]
	Info(context.Context) (events.Info, error)
}

// A Route is one of them, as it is described to programs.
type Route struct {
	Pattern string       // of http.ServeMux
	Scope   access.Scope // that whoever asks must have, for all accounts or for the one that is asked about; "": none
	stream  bool
	serve   func(*History, *question) error
}

// subjects are the parameters that name the account which a question is about, where that
// is neither account nor in the path; "": there is none, the question is about all.
var subjects = map[string]string{
	"GET /v1/table":                      "",
	"GET /v1/connectors":                 "",
	"GET /v1/route":                      "to",
	"PUT /v1/connectors/{name}/drain":    "",
	"DELETE /v1/connectors/{name}/drain": "",
	"GET /v1/contacts":                   "of",
	"GET /v1/stats/{name}":               "",
	"GET /v1/stats/online":               "",
	"GET /v1/bans":                       "",
	"PUT /v1/bans":                       "",
	"DELETE /v1/bans":                    "",
	"GET /v1/token":                      "",
	"DELETE /v1/token":                   "",
	"GET /v1/log":                        "",
	"GET /v1/audit":                      "about",
	"GET /v1/feeds":                      "",
	"GET /v1/accounts":                   "",
	"GET /v1/overview":                   "",
}

// nameless are routes that tell of nobody. Whoever asks them is not put on record, where
// pages that ask every second would leave no room for questions about people.
var nameless = map[string]bool{
	"GET /v1/log":          true,
	"GET /v1/feeds":        true,
	"GET /v1/table":        true,
	"GET /v1/connectors":   true,
	"GET /v1/stats/online": true,
	"GET /v1/overview":     true,
}

// IsOnRecord reports that whoever asks is.
func (r *Route) IsOnRecord() bool { return r.Scope != "" && !nameless[r.Pattern] }

// subject is the account that the question is about; zero: it is about all.
func (q *question) subject() (events.JID, error) {
	name, text := "jid", q.r.PathValue("jid")
	if text == "" {
		own := false
		if name, own = subjects[q.route.Pattern]; !own {
			name = "account"
		}
		text = q.r.URL.Query().Get(name)
	}
	switch {
	case text == "" && name == "account":
		return filter.Account(q.r.URL.Query().Get("filter")), nil // the one that alone it means
	case text == "":
		return events.JID{}, nil
	}
	j, err := events.ParseJID(text)
	if err != nil || j.Local() == "" || !j.IsBare() && name != "to" {
		return j, bad(name, "it is user@domain")
	}
	return j.Bare(), nil
}

// Routes are those that Mount mounts.
var Routes = []Route{
	{"GET /v1/events", access.Read, false, (*History).events},
	{"GET /v1/events.ndjson", access.Read, true, (*History).download},
	{"GET /v1/events/stream", access.Read, true, (*History).follow},
	{"GET /v1/sessions", access.Read, false, (*History).sessions},
	{"GET /v1/sessions/{id}", access.Read, false, (*History).session},
	{"GET /v1/accounts/{jid}/history", access.Read, false, (*History).steps},
	{"GET /v1/table", access.Read, false, (*History).table},
	{"GET /v1/connectors", access.Read, false, (*History).connectors},
	{"GET /v1/route", access.Read, false, (*History).route},
	{"GET /v1/contacts", access.Read, false, (*History).contacts},
	{"GET /v1/diff", access.Read, false, (*History).diff},
	{"GET /v1/stats/online", access.Read, false, (*History).online},
	{"GET /v1/stats/{name}", access.Read, false, (*History).stats},
	{"DELETE /v1/sessions/{id}", access.Kick, false, (*History).kickSession},
	{"DELETE /v1/accounts/{jid}/sessions", access.Kick, false, (*History).kickAccount},
	{"PUT /v1/accounts/{jid}/disabled", access.Moderate, false, (*History).disable},
	{"DELETE /v1/accounts/{jid}/disabled", access.Moderate, false, (*History).enable},
	{"GET /v1/bans", access.Moderate, false, (*History).bans},
	{"PUT /v1/bans", access.Moderate, false, (*History).ban},
	{"DELETE /v1/bans", access.Moderate, false, (*History).unban},
	{"PUT /v1/connectors/{name}/drain", access.Operate, false, (*History).drain},
	{"DELETE /v1/connectors/{name}/drain", access.Operate, false, (*History).undrain},
	{"GET /v1/logins", access.Read, false, (*History).logins},
	{"GET /v1/log", access.Read, false, (*History).log},
	{"GET /v1/audit", access.Audit, false, (*History).audit},
	{"GET /v1/overview", access.Read, false, (*History).overview},
	{"GET /v1/feeds", access.Read, false, (*History).feeds},
	{"GET /v1/accounts", access.Read, false, (*History).accounts},
	{"GET /v1/accounts/{jid}/export", access.Export, true, (*History).person},
	{"GET /v1/token", AnyToken, false, (*History).ownToken},
	{"POST /v1/token", "", false, (*History).redeem},
	{"DELETE /v1/token", AnyToken, false, (*History).endToken},
	{"GET /v1/schemas/{file...}", "", false, (*History).schema},
	{"GET /v1/openapi.json", "", false, (*History).openapi},
}

// Mount mounts the routes of a history, which is followed until ctx ends while somebody
// follows it.
func (s *Server) Mount(ctx context.Context, h *History) {
	f := &feed{ctx: ctx, h: h}
	for i := range Routes {
		route := &Routes[i]
		s.mount(route, s.question(h, f, route))
	}
}

// question answers requests for a route.
func (s *Server) question(h *History, f *feed, route *Route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		p := newPaced(w)
		defer p.limit() // for the data flushed after it
		q := &question{w: p, r: r, route: route, feed: f, server: s}
		if err := h.answer(q); err != nil {
			q.fail(err)
		}
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

	earlier bool   // the token shown is for earlier accounts, too, which by leaves out
	end     func() // of its turn, if it has one of which there are few
}

// answer lets in whoever may ask, and answers.
func (h *History) answer(q *question) (err error) {
	if q.route.stream && q.r.Method == http.MethodHead {
		return Problem{Status: http.StatusMethodNotAllowed, Detail: "this path is for GET"}
	}
	q.unlimited()
	if err := sameOrigin(q.r); err != nil {
		return err
	}
	if q.route.Scope == "" {
		return q.route.serve(h, q)
	}
	shown, err := h.Guard.Authenticate(q.r)
	if err != nil {
		return err
	}
	if q.by, err = h.present(q.r.Context(), shown); err != nil {
		return err
	}
	q.earlier = q.by != shown
	if q.about, err = q.subject(); err != nil {
		return err
	}
	if q.route.Scope != AnyToken && !q.by.MayAbout(q.route.Scope, q.about) {
		return q.forbidden()
	}
	if !q.server.Await(q.w, q.r) {
		return nil
	}
	return q.route.serve(h, q)
}

// own checks that the question has only these parameters of its own.
func (q *question) own(names ...string) error {
	names = append(names, "min_seq")
	if name, other := subjects[q.route.Pattern]; other && name != "" {
		names = append(names, name)
	} else if !other && q.r.PathValue("jid") == "" {
		names = append(names, "account")
	}
	return only(q.r.URL.Query(), names)
}

// give answers with a value as JSON. What that took is over: whoever reads slowly holds up
// nobody.
func (q *question) give(v any) error {
	if q.end != nil {
		q.end()
	}
	line, err := query.Marshal(v)
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	_, err = q.w.Write(append(line, '\n'))
	return err
}

// tell gives an answer of so many rows, once it is on record.
func (h *History) tell(q *question, rows int, v any) error {
	if err := h.record(q, &rows); err != nil {
		return err
	}
	return q.give(v)
}

// record puts on record that the question was asked. A question that can't be is not
// answered.
func (h *History) record(q *question, rows *int) error {
	host, _, _ := net.SplitHostPort(q.r.RemoteAddr)
	asked := q.r.URL.RawQuery
	for _, name := range [...]string{"id", "name"} {
		if value := q.r.PathValue(name); value != "" {
			asked = strings.TrimSuffix(name+"="+value+"&"+asked, "&")
		}
	}
	return access.Put(q.r.Context(), h.Audit, access.Entry{
		By: "token " + q.by.Name, From: host, Did: q.route.Pattern, Asked: asked, About: q.about, Rows: rows,
	})
}

// fail answers with the error, unless the answer has begun.
func (q *question) fail(err error) {
	if errors.Is(err, access.ErrUnrecorded) {
		q.server.unrecorded.Add(1)
	}
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
	case errors.Is(err, access.ErrMissing), errors.Is(err, access.ErrInvalid), errors.Is(err, access.ErrExpired), errors.Is(err, access.ErrCode):
		return http.StatusUnauthorized
	case errors.Is(err, access.ErrTooFast):
		return http.StatusTooManyRequests
	case errors.Is(err, access.ErrNotReady), errors.Is(err, access.ErrUnrecorded), errors.Is(err, events.ErrUnavailable):
		return http.StatusServiceUnavailable
	case errors.Is(err, replay.ErrFuture), errors.Is(err, replay.ErrBackwards), isAsked(err):
		return http.StatusBadRequest
	case errors.Is(err, replay.ErrForgotten):
		return http.StatusGone
	case errors.Is(err, auth.ErrNoAccount):
		return http.StatusNotFound
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

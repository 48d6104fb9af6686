package web

import (
	"bytes"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
)

// maxPages is how many pages are made at one time. Others are told to try again.
const maxPages = 32

// policy lets a page have what this server gives, and no inline script or style.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// A Config says what a Handler needs. API is required.
type Config struct {
	API    http.Handler
	Logger *slog.Logger // nil: slog.Default
}

// A Handler answers with pages, and passes on to the API what is for it. It is for any
// number of requests at once.
type Handler struct {
	api   http.Handler
	log   *slog.Logger
	mux   *http.ServeMux
	turns chan struct{}
	// ours refuses forms of pages of somebody else: the browser shows our cookie to none of
	// them, and says where a form comes from.
	ours http.CrossOriginProtection
}

// New returns a Handler with all pages.
func New(cfg Config) *Handler {
	h := &Handler{api: cfg.API, log: cfg.Logger, mux: http.NewServeMux(), turns: make(chan struct{}, maxPages)}
	if h.log == nil {
		h.log = slog.Default()
	}
	for i := range pages {
		h.mux.Handle("GET "+pages[i].path, h.page(&pages[i]))
	}
	h.mux.HandleFunc("GET /find", h.find)
	for i := range actions {
		a := h.action(&actions[i])
		h.mux.Handle("GET "+actions[i].path, a)
		h.mux.Handle("POST "+actions[i].path, a)
	}
	h.mux.HandleFunc("GET /login", h.loginPage)
	h.mux.HandleFunc("POST /login", h.login)
	h.mux.HandleFunc("POST /logout", h.logout)
	h.mux.Handle("GET /", h.page(&nowhere))
	return h
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if isAPI(r.URL.Path) {
		h.api.ServeHTTP(w, asViewer(r))
		return
	}
	header := w.Header()
	header.Set("Content-Security-Policy", policy)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "same-origin")
	header.Set("Cache-Control", "no-store")
	p := paper{to: w}
	if strings.HasPrefix(r.URL.Path, "/static/") && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		statics(&p, r)
	} else {
		h.make(&p, r)
	}
	p.send()
}

// make makes a page, if not too many are being made.
func (h *Handler) make(p *paper, r *http.Request) {
	if err := readForm(p, r); err != nil { // before there is a turn, which whoever sends slowly would hold
		v := h.visit(p, r, &nowhere)
		v.show(v.failed(err))
		return
	}
	select {
	case h.turns <- struct{}{}:
		defer func() { <-h.turns }()
	default:
		p.Header().Set("Retry-After", "1")
		http.Error(p, "too many pages are being made; try again", http.StatusServiceUnavailable)
		return
	}
	if err := h.ours.Check(r); err != nil {
		v := h.visit(p, r, &nowhere)
		v.show(v.failed(&problem{Status: http.StatusForbidden, Title: "Refused", Detail: "a page of another origin can't ask for this: " + err.Error()}))
		return
	}
	h.mux.ServeHTTP(p, r)
}

// readForm reads the form that a request brings, if it brings one.
func readForm(w http.ResponseWriter, r *http.Request) error {
	if r.Method != http.MethodPost {
		return nil
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return &problem{Status: http.StatusBadRequest, Title: "Bad Request", Detail: "the form can't be read: " + err.Error()}
	}
	return nil
}

// isAPI reports a path that programs ask.
func isAPI(path string) bool {
	switch path {
	case "/livez", "/readyz", "/metrics":
		return true
	}
	return strings.HasPrefix(path, "/v1/")
}

// page answers with a page.
func (h *Handler) page(p *pageKind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := h.visit(w, r, p)
		err := v.admit()
		switch {
		case p == &nowhere:
			err = nil
		case isUnknown(err):
			v.sendToLogin()
			return
		}
		var shown *shown
		if err == nil {
			shown, err = p.make(v)
		}
		if err != nil {
			shown = v.failed(err)
		}
		v.show(shown)
	}
}

// part is the part of a page that the script asks for; "": all of it.
func (v *visit) part() string { return v.r.Header.Get("Rollcall-Part") }

// show writes a page, or of one that is live just the part that changes, where the script
// asks for it.
func (v *visit) show(s *shown) {
	s.visit = v
	t, part := templateOf(s.template), "page"
	if v.part() != "" {
		part = "main"
	}
	if slices.Contains(s.parts, v.part()) {
		part = v.part()
	}
	var body bytes.Buffer
	if err := t.ExecuteTemplate(&body, part, s); err != nil {
		v.h.log.Error("a page could not be made", "page", s.template, "err", err)
		http.Error(v.w, "this page could not be made; the log of the service says why", http.StatusInternalServerError)
		return
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	text := encode(v.w, v.r, body.Bytes())
	if s.Status != 0 {
		v.w.WriteHeader(s.Status)
	}
	v.w.Write(text)
}

// failed is the page that says what went wrong.
func (v *visit) failed(err error) *shown {
	p := problem{Status: http.StatusInternalServerError, Title: "Internal Server Error", Detail: err.Error()}
	if known := (*problem)(nil); errors.As(err, &known) {
		p = *known
	}
	if p.Scope != "" {
		p.Title = "Not for you"
	}
	return &shown{template: "problem", Title: p.Title, Status: p.Status, Body: p}
}

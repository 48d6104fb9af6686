package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// maxAnswer is how long an answer of the API may be that a page is made of, in bytes.
const maxAnswer = 8 << 20

// A visit is a request for a page that is being answered.
type visit struct {
	h       *Handler
	w       http.ResponseWriter
	r       *http.Request
	kind    *pageKind
	query   url.Values // of the page, not to be changed
	now     time.Time
	zone    *time.Location
	queries []link // asked of the API so far
	// position is the newest record that the API knew when it answered last.
	position uint64
	first    uint64 // and when it answered first

	Viewer *viewer // nil: not known
}

func (h *Handler) visit(w http.ResponseWriter, r *http.Request, p *pageKind) *visit {
	v := &visit{h: h, w: w, r: withToken(r), kind: p, query: r.URL.Query(), now: time.Now()}
	v.zone = v.zoneOf()
	return v
}

// KnownTo is the record up to which the page knows what happened, at least.
func (v *visit) KnownTo() uint64 { return v.first }

// value is a parameter of the page.
func (v *visit) value(name string) string { return v.query.Get(name) }

// Value is a parameter of the page, as it was given.
func (v *visit) Value(name string) string { return v.value(name) }

// A problem is why the API, or a page, does not answer (RFC 9457).
type problem struct {
	Status    int    `json:"status"`
	Title     string `json:"title"`
	Detail    string `json:"detail"`
	Parameter string `json:"parameter"`
	Scope     string `json:"scope"` // that the viewer lacks, if that is why
}

func (p *problem) Error() string { return p.Detail }

// faultOf is a problem with what was typed for one of these parameters, which a form shows
// beside the field.
func faultOf(err error, parameters ...string) (*problem, bool) {
	var p *problem
	ok := errors.As(err, &p) && (p.Status == http.StatusBadRequest || p.Status == http.StatusForbidden) && slices.Contains(parameters, p.Parameter)
	return p, ok
}

// Passing reports one that goes away by itself.
func (p problem) Passing() bool {
	return p.Status == http.StatusServiceUnavailable || p.Status == http.StatusTooManyRequests
}

// ask has the API answer a question into a value. It fails with a *problem if the API says
// why it does not answer. The question is among those that the page names, by what it gives.
func (v *visit) ask(what, path string, query url.Values, into any) error {
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	v.queries = append(v.queries, link{what, path})
	return v.call(http.MethodGet, path, nil, into)
}

// askWithin asks as ask does, and reports whether the answer takes longer than a page can
// wait for it.
func (v *visit) askWithin(d time.Duration, what, path string, query url.Values, into any) (late bool, err error) {
	r := v.r
	ctx, cancel := context.WithTimeout(r.Context(), d)
	defer cancel()
	v.r = r.WithContext(ctx)
	err = v.ask(what, path, query, into)
	v.r = r
	return ctx.Err() != nil && r.Context().Err() == nil && err != nil, err
}

// call asks the API for anything that the viewer may have.
func (v *visit) call(method, path string, body io.Reader, into any) error {
	r, err := http.NewRequestWithContext(v.r.Context(), method, path, body)
	if err != nil {
		return &problem{Status: http.StatusBadRequest, Title: "Bad Request", Detail: "this address can't be asked for"}
	}
	r.RemoteAddr, r.Host, r.TLS = v.r.RemoteAddr, v.r.Host, v.r.TLS
	r.Header.Set("Authorization", v.r.Header.Get("Authorization"))
	var a answer
	v.h.api.ServeHTTP(&a, r)
	if n, err := strconv.ParseUint(a.Header().Get("Rollcall-Position"), 10, 64); err == nil {
		if v.position = n; v.first == 0 {
			v.first = n
		}
	}
	return a.into(into)
}

// An answer of the API is kept whole before a page is made of it.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

var errTooLong = errors.New("this answer is too long for a page; ask for less")

// Header implements http.ResponseWriter.
func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}

// WriteHeader implements http.ResponseWriter.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

// Write implements http.ResponseWriter.
func (a *answer) Write(b []byte) (int, error) {
	if a.body.Len()+len(b) > maxAnswer {
		return 0, errTooLong
	}
	return a.body.Write(b)
}

func (a *answer) into(v any) error {
	if a.status >= http.StatusBadRequest {
		p := &problem{Status: a.status, Title: http.StatusText(a.status)}
		if json.Unmarshal(a.body.Bytes(), p) != nil {
			p.Detail = a.body.String()
		}
		return p
	}
	if v == nil || a.status == http.StatusNoContent {
		return nil
	}
	if err := json.Unmarshal(a.body.Bytes(), v); err != nil {
		return fmt.Errorf("the answer of the API is not what was asked for: %w", err)
	}
	return nil
}

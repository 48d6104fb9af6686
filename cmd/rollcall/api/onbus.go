package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// An Endpoint is a route that programs on NATS ask, too: by a subject, and with a JSON object
// of the parameters, those of the path among them.
type Endpoint struct{ Name, Pattern string }

// Endpoints are all of them.
var Endpoints = []Endpoint{
	{"events.read", "GET /v1/events"},
	{"sessions.list", "GET /v1/sessions"},
	{"sessions.get", "GET /v1/sessions/{id}"},
	{"account.history", "GET /v1/accounts/{jid}/history"},
	{"logins.list", "GET /v1/logins"},
	{"connectors.list", "GET /v1/connectors"},
	{"table.at", "GET /v1/table"},
	{"table.diff", "GET /v1/diff"},
	{"route.explain", "GET /v1/route"},
	{"contacts.explain", "GET /v1/contacts"},
	{"stats.query", "GET /v1/stats/{name}"},
}

// askedFor is how long an answer may take: on NATS nobody can tell that whoever asked has gone.
const askedFor = 30 * time.Second

// Ask answers a question that comes from NATS as if it had come over HTTP: to whoever shows a
// token in authorization, within the same limits, and on record as asked from "nats".
func (s *Server) Ask(ctx context.Context, e Endpoint, authorization string, parameters []byte) (status int, body []byte) {
	ctx, cancel := context.WithTimeout(ctx, askedFor)
	defer cancel()
	target, err := e.target(parameters)
	if err != nil {
		return keptProblem(Problem{Status: http.StatusBadRequest, Detail: err.Error()})
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		panic(err) // the path is ours, and what was given is escaped
	}
	r.RemoteAddr = "nats:0"
	if authorization != "" {
		r.Header.Set("Authorization", authorization)
	}
	w := &kept{header: http.Header{}, status: http.StatusOK}
	if !s.keep(w, r) {
		return keptProblem(Problem{Status: http.StatusInternalServerError, Detail: "a bug: the answer could not be finished"})
	}
	if w.body.Len() == 0 && ctx.Err() != nil {
		return keptProblem(Problem{Status: http.StatusServiceUnavailable, Detail: "it takes too long; ask for less"})
	}
	return w.status, w.body.Bytes()
}

// keep keeps an answer. It reports false if that was cut off.
func (s *Server) keep(w *kept, r *http.Request) (whole bool) {
	defer func() {
		if cause := recover(); cause != nil && cause != http.ErrAbortHandler {
			panic(cause)
		}
	}()
	s.ServeHTTP(w, r)
	return true
}

func keptProblem(p Problem) (int, []byte) {
	w := &kept{header: http.Header{}}
	WriteProblem(w, p)
	return w.status, w.body.Bytes()
}

// target is the path and the query of a question.
func (e Endpoint) target(parameters []byte) (string, error) {
	given := map[string]any{}
	if len(bytes.TrimSpace(parameters)) > 0 {
		d := json.NewDecoder(bytes.NewReader(parameters))
		d.UseNumber()
		if err := d.Decode(&given); err != nil {
			return "", fmt.Errorf("parameters are one JSON object: %w", err)
		}
	}
	_, path, _ := strings.Cut(e.Pattern, " ")
	query := url.Values{}
	for name, value := range given {
		text, err := parameter(value)
		if err != nil {
			return "", fmt.Errorf("%s: %w", name, err)
		}
		if hole := "{" + name + "}"; strings.Contains(path, hole) {
			path = strings.ReplaceAll(path, hole, url.PathEscape(text))
		} else {
			query.Set(name, text)
		}
	}
	if _, lacking, ok := strings.Cut(path, "{"); ok {
		return "", fmt.Errorf("%s is needed", strings.TrimSuffix(lacking, "}"))
	}
	return path + "?" + query.Encode(), nil
}

// parameter is one as a query has it.
func parameter(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return fmt.Sprint(v), nil
	}
	return "", fmt.Errorf("it is a text, a number, true or false")
}

// kept is an answer that is given as a whole.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) Write(b []byte) (int, error) { return k.body.Write(b) }
func (k *kept) WriteHeader(status int)      { k.status = status }

package api

import (
	"encoding/json"
	"net/http"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// A Problem says why a request is not answered (RFC 9457). Its type is about:blank, so that
// the status is what programs act on, and the detail is for people.
type Problem struct {
	Title  string `json:"title"` // the status in words; filled in
	Status int    `json:"status"`
	Detail string `json:"detail,omitempty"` // what is wrong with this request, and what mends it
	// Parameter is the one of the query that is at fault, if one is.
	Parameter string `json:"parameter,omitempty"`
	// Scope is the one that the token lacks, if that is why.
	Scope access.Scope `json:"scope,omitempty"`
}

func (p Problem) Error() string { return p.Detail }

// WriteProblem writes it as the answer.
func WriteProblem(w http.ResponseWriter, p Problem) {
	p.Title = http.StatusText(p.Status)
	body, err := json.Marshal(p)
	if err != nil {
		panic(err) // texts and a number
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	w.Write(append(body, '\n'))
}

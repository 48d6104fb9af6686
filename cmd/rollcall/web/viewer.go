package web

import (
	"cmp"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"
)

// sessionCookie holds the viewer's token.
const sessionCookie = "rollcall_session"

// A viewer is whoever looks, as the API tells it of the token that the browser holds.
type viewer struct {
	Token   string // only where it was just made
	Name    string
	Scopes  []string
	Expires *time.Time // nil: never
	Browser bool       // logging out ends the token; otherwise it is that of a program
}

// Person is the name without what the audit adds to it.
func (v *viewer) Person() string { return strings.TrimPrefix(v.Name, "web:") }

// May reports that the viewer may do what a scope is for, about any account.
func (v *viewer) May(scope string) bool {
	return v != nil && (slices.Contains(v.Scopes, scope) || slices.Contains(v.Scopes, "admin"))
}

// needs are the scopes of pages that are for some viewers; the others are for whoever may read.
var needs = map[string]string{"/bans": "moderate", "/access": "audit"}

// may reports that a page is for the viewer.
func (v *viewer) may(path string) bool { return v.May(cmp.Or(needs[path], "read")) }

// Accounts are those that the viewer may ask about and about no others, as with a token for
// an account.
func (v *viewer) Accounts() (list []string) {
	if v.May("read") {
		return nil
	}
	for _, s := range v.Scopes {
		if account, ok := strings.CutPrefix(s, "account:"); ok {
			list = append(list, account)
		}
	}
	return list
}

// asWhom is the command that gives a browser a scope, and as little else as can be.
func asWhom(scope string) string {
	whom := "admin"
	switch scope {
	case "read":
		whom = "reader"
	case "read:address", "kick", "moderate", "operate":
		whom = "operator"
	case "export", "audit":
		whom = "auditor"
	}
	return "rollcall web --as " + whom
}

// asViewer is a request with the viewer's token as that of the API. A request that shows a
// token by itself, or that changes something, is left as it is.
func asViewer(r *http.Request) *http.Request {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return r
	}
	return withToken(r)
}

// withToken is a request with the viewer's token, whatever it is for: it is for requests that
// are known to come from a page of ours.
func withToken(r *http.Request) *http.Request {
	if r.Header.Get("Authorization") != "" {
		return r
	}
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return r
	}
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+c.Value)
	return r
}

// admit finds out whom the page is for. It fails as ask does.
func (v *visit) admit() error {
	var who viewer
	if err := v.call(http.MethodGet, "/v1/token", nil, &who); err != nil {
		return err
	}
	v.Viewer = &who
	return nil
}

// isUnknown reports an error of admit that logging in mends.
func isUnknown(err error) bool {
	p, ok := errors.AsType[*problem](err)
	return ok && p.Status == http.StatusUnauthorized
}

package web

import "net/http"

// sessionCookie holds the viewer's token.
const sessionCookie = "rollcall_session"

// asViewer is a request with the viewer's token as that of the API. A request that shows a
// token by itself, or that changes something, is left as it is.
func asViewer(r *http.Request) *http.Request {
	if r.Header.Get("Authorization") != "" || r.Method != http.MethodGet && r.Method != http.MethodHead {
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

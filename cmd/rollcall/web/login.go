package web

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// maxForm is the size of a form that is sent, in bytes.
	maxForm = 16 << 10
	// maxStay is how long a browser keeps a token. Those that are made for browsers end then.
	maxStay = 12 * time.Hour
	// codePrefix tells a code from a token.
	codePrefix = "rcc_"
)

// A loginForm is what the page to log in with shows.
type loginForm struct {
	Code    string // comes with the link that was followed; "": a token or a code is asked for
	Next    string // where whoever is in goes on
	Problem string // why nobody was let in; "": nothing was tried
	Out     bool   // the viewer has just logged out
}

// loginPage shows how to get in. A link with a code does not use it up, for whatever looks
// at links before people do would: the page has a button that does.
func (h *Handler) loginPage(w http.ResponseWriter, r *http.Request) {
	v := h.visit(w, r, &loginKind)
	form := loginForm{Code: codeIn(v.value("code")), Next: localPath(v.value("next")), Out: v.r.URL.Query().Has("out")}
	if v.admit() == nil && form.Code == "" && form.Next != "/" {
		http.Redirect(w, r, form.Next, http.StatusSeeOther)
		return
	}
	v.show(&shown{template: "login", Title: "Log in", Body: form})
}

// login lets in whoever shows a token or a code.
func (h *Handler) login(w http.ResponseWriter, r *http.Request) {
	v := h.visit(w, r, &loginKind)
	text, next := strings.TrimSpace(r.PostFormValue("shown")), localPath(r.PostFormValue("next"))
	who, err := v.enter(text)
	if err != nil {
		v.refuse(err, next)
		return
	}
	http.SetCookie(w, cookieOf(who, r, v.now))
	http.Redirect(w, r, next, http.StatusSeeOther)
}

// enter asks the API for the viewer that a token is of, or for one in exchange for a code.
// The cookie that may be there already has no part in it.
func (v *visit) enter(text string) (*viewer, error) {
	code, method := codeIn(text), http.MethodGet
	if code != "" {
		text, method = code, http.MethodPost
	}
	v.r = v.r.Clone(v.r.Context())
	v.r.Header.Set("Authorization", "Bearer "+text)
	var who viewer
	if err := v.call(method, "/v1/token", nil, &who); err != nil {
		return nil, err
	}
	if code == "" {
		who.Token = text
	}
	return &who, nil
}

// refuse shows the page again, and why nobody was let in.
func (v *visit) refuse(err error, next string) {
	s := v.failed(err)
	form := loginForm{Next: next, Problem: err.Error()}
	v.show(&shown{template: "login", Title: "Log in", Status: s.Status, Body: form})
}

// cookieOf is the cookie with a viewer's token. It ends with the token, and after maxStay.
func cookieOf(who *viewer, r *http.Request, now time.Time) *http.Cookie {
	stay := maxStay
	if who.Expires != nil {
		stay = min(stay, who.Expires.Sub(now))
	}
	return &http.Cookie{
		Name: sessionCookie, Value: who.Token, Path: "/", MaxAge: int(stay / time.Second),
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: isSecure(r),
	}
}

// isSecure reports that the browser has come over TLS, here or to a proxy before us: it
// names the origin of its form itself.
func isSecure(r *http.Request) bool {
	return r.TLS != nil || strings.HasPrefix(r.Header.Get("Origin"), "https://")
}

// logout ends the token of a browser, everywhere, and has the browser forget it. The token
// of a program stays good for the program.
func (h *Handler) logout(w http.ResponseWriter, r *http.Request) {
	v := h.visit(w, r, &loginKind)
	err := v.call(http.MethodDelete, "/v1/token", nil, nil)
	if p, ok := errors.AsType[*problem](err); err != nil && (!ok || p.Status != http.StatusUnauthorized && p.Status != http.StatusForbidden) {
		v.show(v.failed(err))
		return
	}
	http.SetCookie(w, &http.Cookie{Name: sessionCookie, Path: "/", MaxAge: -1, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: isSecure(r)})
	http.Redirect(w, r, "/login?out=1", http.StatusSeeOther)
}

// sendToLogin has whoever is not known log in, and come back. A browser that follows a link
// on a page of somebody else does not show its cookie, so the page makes it ask once more.
func (v *visit) sendToLogin() {
	to := "/login?" + url.Values{"next": {localPath(v.r.URL.RequestURI())}}.Encode()
	switch {
	case v.r.Header.Get("Rollcall-Part") != "":
		v.show(v.failed(&problem{Status: http.StatusUnauthorized, Title: "Logged out", Detail: "you are no longer logged in; load the page again to log in"}))
	case v.r.Header.Get("Sec-Fetch-Site") == "cross-site":
		v.show(&shown{template: "enter", Title: "Rollcall", Refresh: to, Body: to})
	default:
		http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	}
}

// codeIn is the code in what somebody was given, which may be the whole address; "" if there
// is none.
func codeIn(text string) string {
	if u, err := url.Parse(text); err == nil && u.Query().Has("code") {
		text = u.Query().Get("code")
	}
	if !strings.HasPrefix(text, codePrefix) {
		return ""
	}
	return text
}

// localPath is an address on this server, whatever is asked for: "/" in the place of one
// that a browser could take for somewhere else, and of those that log in and out.
func localPath(text string) string {
	u, err := url.Parse(text)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/") ||
		strings.HasPrefix(u.Path, "//") || strings.ContainsRune(u.Path, '\\') || u.Path == "/login" || u.Path == "/logout" {
		return "/"
	}
	return (&url.URL{Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}).String()
}

package web

import (
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// An action is something that a viewer may do. GET of its page asks once, and POST of the same
// page does it: it asks the API as the viewer, so that the audit and the history name them.
type action struct {
	path    string // pattern of http.ServeMux
	scope   string // that whoever does it must have
	prepare func(*visit) (*actionForm, error)
	// request is what the API is asked for.
	request func(f *actionForm, given url.Values) (method, path string, query url.Values)
}

// actions are all that there are.
var actions = []action{
	{"/sessions/{id}/end", "kick", endSession, requestEnd},
	{"/accounts/{jid}/end", "kick", endAccount, requestEnd},
	{"/accounts/{jid}/disable", "moderate", disable, requestPut},
	{"/accounts/{jid}/enable", "moderate", enable, requestDelete},
	{"/bans/add", "moderate", addBan, requestPut},
	{"/bans/lift", "moderate", liftBan, requestDelete},
	{"/connectors/{name}/drain", "operate", drainConnector, requestPut},
	{"/connectors/{name}/undrain", "operate", undrainConnector, requestDelete},
}

// actionKind is the page of an action.
var actionKind = pageKind{template: "action"}

// An actionForm is what the page of an action shows.
type actionForm struct {
	Title, Says string
	Button      string // "": there is nothing to do
	Blanks      []blank
	Back        string // page that leads here, and where whoever has done it goes
	Problem     string // of the whole form; "": there is none

	of      string // path of what is to be changed, in the API
	account string // of what is to be ended, in the API
}

// A blank is a part of a form to fill in.
type blank struct {
	Name, Label, Example, Value string
	Kind                        string // text, checkbox, hidden, or later: not shown unless it helps
	Wrong                       string // "": nothing is
}

func reasonBlank() blank {
	return blank{Name: "reason", Label: "Reason (for its user and the history)", Kind: "text"}
}

func forBlank(label string) blank {
	return blank{Name: "for", Label: label, Example: "1h, 7d", Kind: "text"}
}

// endSession asks whether to end one session. Whoever may also disable accounts is offered to
// keep it from coming back.
func endSession(v *visit) (*actionForm, error) {
	id := url.PathEscape(v.r.PathValue("id"))
	var body struct {
		Session session
		Ended   string
	}
	if err := v.ask("The session", "/v1/sessions/"+id, url.Values{"limit": {"1"}}, &body); err != nil {
		return nil, err
	}
	jid := body.Session.JID
	f := &actionForm{Title: "End the session of " + jid + "?", Back: "/sessions/" + id, of: "/v1/sessions/" + id}
	if body.Ended != "" {
		f.Says = "This session has ended already."
		return f, nil
	}
	bare, _, _ := strings.Cut(jid, "/")
	f.account = "/v1/accounts/" + url.PathEscape(bare)
	f.Says = "Its client is disconnected, and may log in again at once."
	f.end(v, "Also refuse logins to "+bare+" for (optional; ends all of its sessions)")
	return f, nil
}

// endAccount asks whether to end all sessions of an account.
func endAccount(v *visit) (*actionForm, error) {
	jid := v.r.PathValue("jid")
	f := &actionForm{Title: "End all sessions of " + jid + "?", Back: "/accounts/" + url.PathEscape(jid)}
	f.account = "/v1/accounts/" + url.PathEscape(jid)
	f.of = f.account + "/sessions"
	f.Says = "Its clients are disconnected, and may log in again at once."
	f.end(v, "Also refuse logins to it for (optional)")
	return f, nil
}

func (f *actionForm) end(v *visit, until string) {
	f.Button, f.Blanks = "End", []blank{reasonBlank()}
	if v.Viewer.May("moderate") {
		f.Blanks = append(f.Blanks, forBlank(until))
	}
}

// requestEnd ends sessions, or disables the account for the time that is given.
func requestEnd(f *actionForm, given url.Values) (method, path string, query url.Values) {
	if given.Get("for") != "" {
		return http.MethodPut, f.account + "/disabled", given
	}
	return http.MethodDelete, f.of, given
}

func requestPut(f *actionForm, given url.Values) (method, path string, query url.Values) {
	return http.MethodPut, f.of, given
}

func requestDelete(f *actionForm, given url.Values) (method, path string, query url.Values) {
	return http.MethodDelete, f.of, given
}

// disable asks whether to disable an account.
func disable(v *visit) (*actionForm, error) {
	jid := v.r.PathValue("jid")
	return &actionForm{
		Title: "Disable " + jid + "?", Says: "Nobody can log in to it, and its sessions end now.", Button: "Disable",
		Blanks: []blank{reasonBlank(), forBlank("For how long (empty: until it is enabled)")},
		Back:   "/accounts/" + url.PathEscape(jid), of: "/v1/accounts/" + url.PathEscape(jid) + "/disabled",
	}, nil
}

// enable asks whether to let an account be logged in to again.
func enable(v *visit) (*actionForm, error) {
	jid := v.r.PathValue("jid")
	return &actionForm{
		Title: "Enable " + jid + "?", Says: "Whoever knows its password can log in to it again.", Button: "Enable",
		Back: "/accounts/" + url.PathEscape(jid), of: "/v1/accounts/" + url.PathEscape(jid) + "/disabled",
	}, nil
}

// action answers with the page of an action, and does it.
func (h *Handler) action(a *action) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v := h.visit(w, r, &actionKind)
		err := v.admit()
		switch {
		case isUnknown(err):
			v.sendToLogin()
			return
		case err == nil && !v.Viewer.May(a.scope):
			err = &problem{Status: http.StatusForbidden, Scope: a.scope}
		}
		var f *actionForm
		if err == nil {
			f, err = a.prepare(v)
		}
		switch {
		case err != nil:
			v.show(v.failed(err))
		case r.Method == http.MethodPost && f.Button != "":
			v.act(a, f)
		default:
			v.showForm(f, 0)
		}
	}
}

// act does what the form asks for. The page that follows shows it: it is not sent for before
// the change is known here.
func (v *visit) act(a *action, f *actionForm) {
	given := f.read(v.r)
	method, path, query := a.request(f, given)
	var done struct{ Position uint64 }
	if err := v.call(method, path+"?"+query.Encode(), nil, &done); err != nil {
		p, ok := errors.AsType[*problem](err)
		if !ok {
			p = &problem{Status: http.StatusInternalServerError, Detail: err.Error()}
		}
		f.blame(p)
		f.mayForce(p)
		v.showForm(f, p.Status)
		return
	}
	if err := v.call(http.MethodGet, "/v1/token?min_seq="+strconv.FormatUint(done.Position, 10), nil, nil); err != nil {
		v.h.log.Warn("a change is not seen yet where it was made", "error", err)
	}
	http.Redirect(v.w, v.r, f.Back, http.StatusSeeOther)
}

// read fills in the blanks, and returns what was given.
func (f *actionForm) read(r *http.Request) url.Values {
	given := url.Values{}
	for i := range f.Blanks {
		b := &f.Blanks[i]
		if value := strings.TrimSpace(r.PostForm.Get(b.Name)); value != "" {
			b.Value = value
			given.Set(b.Name, value)
		}
	}
	return given
}

// blame says where the fault is.
func (f *actionForm) blame(p *problem) {
	i := slices.IndexFunc(f.Blanks, func(b blank) bool { return b.Name == p.Parameter && b.Kind == "text" })
	if i < 0 {
		f.Problem = p.Detail
		return
	}
	f.Blanks[i].Wrong = p.Detail
}

func (v *visit) showForm(f *actionForm, status int) {
	v.queries = nil // the API's part in it is no figure
	v.show(&shown{template: "action", Title: f.Title, Status: status, Body: f})
}

// ActionsOnSession are those that the viewer may do about a session that goes on.
func (v *visit) ActionsOnSession(id, address string) (list []link) {
	if v.Viewer.May("kick") {
		list = append(list, link{"End this session…", "/sessions/" + url.PathEscape(id) + "/end"})
	}
	return append(list, v.ActionsOnAddress(address)...)
}

// ActionsOnAccount are those that the viewer may do about an account. That it is disabled may
// be over meanwhile, so it can be disabled again.
func (v *visit) ActionsOnAccount(jid string, online, disabled bool) (list []link) {
	at := "/accounts/" + url.PathEscape(jid)
	if online && v.Viewer.May("kick") {
		list = append(list, link{"End all sessions…", at + "/end"})
	}
	if !v.Viewer.May("moderate") {
		return list
	}
	if disabled {
		list = append(list, link{"Enable…", at + "/enable"})
	}
	return append(list, link{"Disable…", at + "/disable"})
}

// ActionsOnAddress are those that the viewer may do about where a client is, with its port or
// without.
func (v *visit) ActionsOnAddress(address string) []link {
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	if address == "" || !v.Viewer.May("moderate") {
		return nil
	}
	return []link{{"Ban " + address + "…", "/bans/add?" + url.Values{"network": {address}}.Encode()}}
}

// ActionsOnConnector are those that the viewer may do about a connector that runs.
func (v *visit) ActionsOnConnector(c *connector) (list []link) {
	if c.State != "alive" || !v.Viewer.May("operate") {
		return nil
	}
	at := "/connectors/" + url.PathEscape(c.Name)
	if c.Drain != nil {
		list = append(list, link{"Take clients again…", at + "/undrain"})
	}
	if c.Condition() != "drained" {
		list = append(list, link{"Drain…", at + "/drain"})
	}
	return list
}

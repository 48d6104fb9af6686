package web

import "net/http"

// A pageKind is a page that there is.
type pageKind struct {
	path     string // pattern of http.ServeMux
	template string // file of templates, without its ending
	name     string // in the navigation; "": not there
	make     func(*visit) (*shown, error)
}

// pages are all that there are, in the order of the navigation.
var pages = []pageKind{
	{"/{$}", "overview", "Overview", overview},
	{"/sessions", "sessions", "Sessions", sessions},
	{"/sessions/{id}", "session", "", oneSession},
	{"/accounts/{jid}", "account", "", account},
	{"/time", "time", "Time", timePage},
	{"/events", "events", "Events", listEvents},
	{"/events/{seq}", "event", "", oneEvent},
	{"/logins", "logins", "Logins", logins},
	{"/explain", "explain", "Explain", explain},
	{"/analytics", "analytics", "Analytics", analytics},
	{"/connectors", "connectors", "Connectors", listConnectors},
	{"/connectors/{name}", "connector", "", oneConnector},
	{"/bans", "bans", "Bans", listBans},
	{"/feeds", "feeds", "Feeds", feeds},
	{"/access", "access", "Access log", access},
}

// loginKind is the page to log in with, which is for everybody.
var loginKind = pageKind{path: "/login", template: "login"}

// nowhere answers for paths that nothing is at.
var nowhere = pageKind{path: "/", template: "problem", make: func(*visit) (*shown, error) {
	return nil, &problem{Status: http.StatusNotFound, Title: "Nothing here", Detail: "there is no page at this address"}
}}

// A shown page is what a template is given.
type shown struct {
	*visit
	template string
	Title    string
	Status   int      // of HTTP; 0: 200
	Refresh  string   // where the browser goes by itself; "": it stays
	Live     string   // query of the events that change this page, see app.mjs; "": it is not live
	Counts   string   // what one of these events is called where the page counts them; "": it can't
	Waits    bool     // it is not live yet: the script says when it is
	Script   string   // file of static that this page alone needs; "": none
	parts    []string // templates that the script may ask for by themselves, beside main
	Body     any
}

// Passing reports a page that a problem is in the way of which goes away by itself, so that
// the browser asks again.
func (s *shown) Passing() bool {
	p, ok := s.Body.(problem)
	return ok && p.Passing()
}

// A link is a text that leads somewhere.
type link struct {
	Text, To string
}

// Nav are the links of the navigation.
func (s *shown) Nav() (list []navLink) {
	for i := range pages {
		if p := &pages[i]; p.name != "" && s.Viewer.may(p.path) {
			list = append(list, navLink{link{p.name, trimEnd(p.path)}, p == s.kind})
		}
	}
	for _, account := range s.Viewer.Accounts() {
		list = append(list, navLink{link{account, accountPath(account)}, false}, navLink{link{"Logins", loginsPath(account, "", "", "")}, false})
	}
	return list
}

type navLink struct {
	link
	Here bool
}

func trimEnd(path string) string {
	if path == "/{$}" {
		return "/"
	}
	return path
}

// Asked are the queries that the page is made of.
func (s *shown) Asked() []link { return s.queries }

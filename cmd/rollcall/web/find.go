package web

import (
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// findKind is the page that says what can be found, for what is not.
var findKind = pageKind{path: "/find", template: "find", make: findHelp}

// A finding is what the box in the header was asked for, and what may be meant by it.
type finding struct {
	Asked string
	Where []link
}

// sessionID is the form of a session's id, a ULID, which people may write in small letters.
var sessionID = regexp.MustCompile(`^[0-7][0-9A-HJKMNP-TV-Z]{25}$`)

// find goes to what somebody is looking for.
func (h *Handler) find(w http.ResponseWriter, r *http.Request) {
	v := h.visit(w, r, &findKind)
	if to := v.placeOf(strings.TrimSpace(v.value("q"))); to != "" {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	h.page(&findKind)(w, r)
}

// placeOf is the page about what a text names by its form alone: a JID, a session, an event,
// an address, or a time. It is "" for others.
func (v *visit) placeOf(text string) string {
	if jid := strings.TrimPrefix(text, "xmpp:"); strings.Contains(bare(jid), "@") {
		return accountPath(jid)
	}
	if id := strings.ToUpper(text); sessionID.MatchString(id) {
		return sessionPath(id, "")
	}
	if n, err := strconv.ParseUint(text, 10, 63); err == nil && n > 0 {
		return "/events/" + text
	}
	if network := networkIn(text); network != "" {
		return pathWith("/sessions", url.Values{"filter": {"address:" + network}})
	}
	if t, ok := v.timeIn(text); ok {
		return pathWith("/sessions", url.Values{"at": {exactly(t)}})
	}
	return ""
}

// networkIn is the address or network that a text is, without a port; "" if it is none.
func networkIn(text string) string {
	if a, err := netip.ParseAddr(text); err == nil {
		return a.String()
	}
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.String()
	}
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return ap.Addr().String()
	}
	return ""
}

// Findable is what the box takes, for the viewer.
func (v *visit) Findable() string {
	if v.Viewer.May("read:address") {
		return "JID, session, address, time"
	}
	return "JID, session, time"
}

// findHelp says what may be meant by a word that is none of these: a connector, or the name
// of an account of one of the domains that there are.
func findHelp(v *visit) (*shown, error) {
	f := &finding{Asked: strings.TrimSpace(v.value("q"))}
	s := &shown{template: "find", Title: "Find", Body: f}
	if f.Asked == "" || strings.ContainsAny(f.Asked, " /@") {
		return s, nil
	}
	var body struct{ Items []connector }
	if err := v.ask("Connectors", "/v1/connectors", nil, &body); err != nil {
		return nil, err
	}
	var domains []string
	for i := range body.Items {
		c := &body.Items[i]
		if c.Name == f.Asked {
			f.Where = append(f.Where, link{"Connector " + c.Name, "/connectors/" + url.PathEscape(c.Name)})
		}
		domains = append(domains, c.Domains...)
	}
	slices.Sort(domains)
	for _, d := range slices.Compact(domains) {
		f.Where = append(f.Where, link{"Account " + f.Asked + "@" + d, accountPath(f.Asked + "@" + d)})
	}
	return s, nil
}

package web

import (
	"net/url"
	"strings"
)

// A loginsPage is a page of logins, those that failed among them, which are not in the log
// of events.
type loginsPage struct {
	Account, Filter, Since, Until string // as asked
	Problem                       problem
	Items                         []event
	Next                          struct{ Before string }
	Complete                      bool
	Scanned                       uint64
	ScanLimited                   bool   `json:"scan_limited"`
	More                          string // address of the page after this one; "": there is none
}

// failedLogins is the filter that means those alone.
const failedLogins = "type:auth_failed"

// loginsPath is the page of logins that a filter means, in a span that addresses may leave
// open.
func loginsPath(account, filter, since, until string) string {
	return pathWith("/logins", url.Values{"account": {account}, "filter": {filter}, "since": {since}, "until": {until}})
}

// logins shows those that succeeded and those that failed, the newest first.
func logins(v *visit) (*shown, error) {
	body := loginsPage{Account: strings.TrimSpace(v.value("account")), Filter: strings.TrimSpace(v.value("filter")), Since: v.value("since"), Until: v.value("until")}
	asked := url.Values{"order": {"desc"}}
	for _, p := range [...]link{{"account", body.Account}, {"filter", body.Filter}, {"since", body.Since}, {"until", body.Until}, {"before", v.value("before")}} {
		if p.To != "" {
			asked.Set(p.Text, p.To)
		}
	}
	s := &shown{template: "logins", Title: "Logins", Body: &body}
	if err := v.ask("Logins", "/v1/logins", asked, &body); err != nil {
		fault, ok := faultOf(err, "account", "filter", "since", "until")
		if !ok {
			return nil, err
		}
		body.Problem, s.Status = *fault, fault.Status
		return s, nil
	}
	if !body.Complete {
		body.More = v.Here("before", body.Next.Before)
	}
	return s, nil
}

// OnlyFailed reports that logins that failed are asked for alone.
func (p *loginsPage) OnlyFailed() bool { return strings.Contains(p.Filter, failedLogins) }

// Kinds are the same page with all logins, and with those that failed alone.
func (p *loginsPage) Kinds() []navLink {
	rest := strings.TrimSpace(strings.ReplaceAll(p.Filter, failedLogins, ""))
	return []navLink{
		{link{"All", loginsPath(p.Account, rest, p.Since, p.Until)}, !p.OnlyFailed()},
		{link{"Failed", loginsPath(p.Account, strings.TrimSpace(failedLogins+" "+rest), p.Since, p.Until)}, p.OnlyFailed()},
	}
}

// LoginMark is the class of what became of a login.
func (e *event) LoginMark() string {
	if e.part(2) == "auth_failed" {
		return "bad"
	}
	return "good"
}

// Login is what became of a login, in a word.
func (e *event) Login() string {
	switch e.part(2) {
	case "auth_failed":
		return "failed"
	case "resumed":
		return "resumed"
	}
	return "logged in"
}

// LoginWith is by what it was, as far as that is known.
func (e *event) LoginWith() string {
	var parts []string
	for _, name := range [...]string{"mechanism", "tls"} {
		if value := e.text(name); value != "" {
			parts = append(parts, value)
		}
	}
	return strings.Join(parts, ", ")
}

// Field is a part of its data that a page has a column for.
func (e *event) Field(name string) string { return e.text(name) }

package web

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// accessLog is the record of questions about persons, and of changes.
type accessLog struct {
	About, By, Since, Until string  // as asked
	Problem                 problem // of what was typed
	Items                   []auditEntry
	Next                    struct{ Before uint64 }
	Complete                bool
	Scanned                 uint64
	ScanLimited             bool `json:"scan_limited"`
	More                    string
}

// An auditEntry is one question or deed that is on record.
type auditEntry struct {
	Seq                         uint64
	Time                        time.Time
	By, From, Did, Asked, About string
	Rows                        *int
}

// Count is how many rows were given; "" if it does not say.
func (e *auditEntry) Count() string {
	if e.Rows == nil {
		return ""
	}
	return count(*e.Rows)
}

// Request is what was asked, as one may ask it again: a GET alone leads somewhere.
func (e *auditEntry) Request() link {
	method, path, ok := strings.Cut(e.Did, " ")
	if !ok || method != "GET" || strings.Contains(path, "{") {
		return link{Text: strings.TrimSpace(e.Did + " " + e.Asked)}
	}
	if e.Asked != "" {
		path += "?" + e.Asked
	}
	return link{"GET " + path, path}
}

// access shows the record of access, the newest first. That it is shown is on record, too.
func access(v *visit) (*shown, error) {
	body := accessLog{About: v.value("about"), By: v.value("by"), Since: v.value("since"), Until: v.value("until")}
	names := [...]string{"about", "by", "since", "until", "before"}
	asked := url.Values{}
	for _, name := range names {
		if value := v.value(name); value != "" {
			asked.Set(name, value)
		}
	}
	s := &shown{template: "access", Title: "Access log", Body: &body}
	if err := v.ask("Who asked for what", "/v1/audit", asked, &body); err != nil {
		p, ok := faultOf(err, names[:4]...)
		if !ok {
			return nil, err
		}
		body.Problem, s.Status = *p, p.Status
		return s, nil
	}
	if !body.Complete {
		asked.Set("before", strconv.FormatUint(body.Next.Before, 10))
		body.More = "/access?" + asked.Encode()
	}
	return s, nil
}

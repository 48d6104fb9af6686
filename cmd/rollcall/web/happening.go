package web

import (
	"html/template"
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// A happening is an event with a sentence about it.
type happening struct {
	Sentence string
	Event    event
}

// Kind is the class of an event and what happened, as in session.closed.
func (e *event) Kind() string { return e.part(1) + "." + e.part(2) }

// Record is its sequence in the log; 0 of an event of another stream.
func (e *event) Record() uint64 {
	n, err := strconv.ParseUint(e.Seq(), 10, 64)
	if err != nil || e.Class() == "connection" {
		return 0
	}
	return n
}

// instant is an instant of its data; zero if there is none.
func (e *event) instant(name string) time.Time {
	t, _ := time.Parse(time.RFC3339Nano, e.text(name))
	return t
}

// told are what a page shows otherwise than the API's sentences say it.
var told = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z|\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b`)

// Told is a sentence of the API with its times in the page's zone, and with links to the
// sessions that it names.
func (v *visit) Told(sentence string) template.HTML {
	var b strings.Builder
	rest := sentence
	for _, at := range told.FindAllStringIndex(sentence, -1) {
		word := sentence[at[0]:at[1]]
		b.WriteString(template.HTMLEscapeString(rest[:at[0]-(len(sentence)-len(rest))]))
		if t, err := time.Parse(time.RFC3339Nano, word); err == nil {
			b.WriteString(string(v.Time(t)))
		} else {
			b.WriteString(`<a href="/sessions/` + word + `"><code>` + word + `</code></a>`)
		}
		rest = sentence[at[1]:]
	}
	b.WriteString(template.HTMLEscapeString(rest))
	return template.HTML(b.String())
}

// sessionPath is the page of a session. With its account it is found however long ago it
// began.
func sessionPath(id, jid string) string {
	path := "/sessions/" + url.PathEscape(id)
	if account := bare(jid); account != "" {
		path += "?account=" + url.QueryEscape(account)
	}
	return path
}

// accountPath is the page of a JID's account.
func accountPath(jid string) string { return "/accounts/" + url.PathEscape(bare(jid)) }

// bare is a JID without its resource.
func bare(jid string) string {
	account, _, _ := strings.Cut(jid, "/")
	return account
}

// tablePath is the table after a record, of an account or of all.
func tablePath(seq uint64, account string) string {
	path := "/sessions?at=" + strconv.FormatUint(seq, 10)
	if account != "" {
		path += "&account=" + url.QueryEscape(account)
	}
	return path
}

// actorPath is the page of an actor, as the log names one; "" if there is none.
func actorPath(by string) string {
	if strings.Contains(by, "@") && !strings.Contains(by, " ") {
		return accountPath(by)
	}
	return ""
}

// Here is this page with some of its parameters changed; those without a value are left
// out. What a page goes on after is another place then, and left out too.
func (v *visit) Here(changes ...string) string {
	query := maps.Clone(v.query)
	for _, name := range [...]string{"zone", "after", "before"} {
		query.Del(name)
	}
	for i := 0; i+1 < len(changes); i += 2 {
		query.Set(changes[i], changes[i+1])
	}
	return pathWith(v.r.URL.EscapedPath(), query)
}

// pathWith is a path with those parameters that say something.
func pathWith(path string, query url.Values) string {
	for name := range query {
		if query.Get(name) == "" {
			query.Del(name)
		}
	}
	if len(query) == 0 {
		return path
	}
	return path + "?" + strings.ReplaceAll(query.Encode(), "%3A", ":")
}

// After is where the page goes on; "": it is the first.
func (v *visit) After() string { return v.value("after") }

package web

import (
	"regexp"
	"strings"
)

// plainWord is one that a shell takes as it is.
var plainWord = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./-]+$`)

// shellLine is a command of these words for sh.
func shellLine(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		if quoted[i] = w; !plainWord.MatchString(w) {
			quoted[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(quoted, " ")
}

// Curl is the command that asks the API for what this page was made of first.
func (s *shown) Curl() string {
	if len(s.queries) == 0 {
		return ""
	}
	scheme := "http://"
	if s.r.TLS != nil {
		scheme = "https://"
	}
	return `curl -H "Authorization: Bearer $TOKEN" ` + shellLine([]string{scheme + s.r.Host + s.queries[0].To})
}

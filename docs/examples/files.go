// Package examples has the questions to files of an export that README and pages show.
package examples

import (
	_ "embed"
	"strings"
)

//go:embed analytics.sql
var analytics string

// Macro is the definition of a macro of analytics.sql, with the comment before it; "" if
// there is none of that name.
func Macro(name string) string {
	for part := range strings.SplitSeq(analytics, "\n\n") {
		if strings.Contains(part, "\ncreate macro "+name+"(") {
			return part
		}
	}
	return ""
}

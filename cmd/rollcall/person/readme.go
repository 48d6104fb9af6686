package person

import (
	"fmt"
	"strings"
	"time"
)

// readme says what is in the zip.
func (x *export) readme(tables []table, counts []int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "What Rollcall knows of %s\n\n", x.account)
	fmt.Fprintf(&b, "It was written at %s. Times are in UTC.\n\n", instant(x.log.Now))
	fmt.Fprintf(&b, "The log reaches back to %s (event %d), failed logins to %s, and the\nrecord of who asked to %s. If anything happened before, it is not here.\n",
		since(x.log.FirstAt), x.log.First, since(x.pre.FirstAt), since(x.asked))
	b.WriteString("\nEach table is there twice: as NDJSON, an object of JSON on each line, without what is not known; and as CSV (RFC 4180),\n" +
		"where a text that a spreadsheet would take for a formula has an apostrophe before it.\n")
	for i, t := range tables {
		fmt.Fprintf(&b, "\n%s.ndjson and %s.csv; rows: %d\n\n    %s\n", t.name, t.name, counts[i], strings.ReplaceAll(t.means, "\n", "\n    "))
		fmt.Fprintf(&b, "    Columns: %s.\n", strings.Join(t.columns, ", "))
	}
	b.WriteString("\nNot in here: the keys that the password is checked with, messages that wait for the account, whom it blocks, and\n" +
		"what its clients have stored and published (XEP-0049, XEP-0163).\n")
	return b.String()
}

// since is when something began to be known, in words.
func since(t time.Time) string {
	if t.IsZero() {
		return "nothing"
	}
	return instant(t)
}

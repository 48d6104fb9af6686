package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptFill lets a client change its presence until that is refused, because the log
// is full.
func scriptFill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fill CLIENT")
	}
	c := worldOf(ts).clients[args[0]]
	c.nc.SetDeadline(time.Now().Add(patience))
	long := strings.Repeat("busy ", 1<<10)
	for n := 0; ; n++ {
		_, err := fmt.Fprintf(c.nc, "<presence id='fill'><status>%s</status></presence>", long)
		ts.Check(err)
		for {
			el, err := c.reader.Next()
			if err != nil {
				ts.Fatalf("after %d changes: %v", n, err)
			}
			if el.Attr("type") == "error" && strings.Contains(string(el.Raw()), "the log is full") {
				return
			}
			if el.Attr("id") == "fill" && el.Attr("from") == c.jid {
				break // it was stored
			}
		}
	}
}

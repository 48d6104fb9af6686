package main

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// scriptFill lets a client change its presence until that is refused, because the log
// is full, and goes on being refused: the service asks for its size now and then.
func scriptFill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: fill CLIENT")
	}
	c := worldOf(ts).clients[args[0]]
	c.nc.SetDeadline(time.Now().Add(patience))
	for refused := 0; refused < 3; {
		stored, err := c.changePresence()
		ts.Check(err)
		if refused++; stored {
			refused = 0
			continue
		}
		<-time.After(500 * time.Millisecond)
	}
}

// changePresence reports whether the log has taken it.
func (c *client) changePresence() (stored bool, err error) {
	if _, err := fmt.Fprintf(c.nc, "<presence id='fill'><status>%s</status></presence>", strings.Repeat("busy ", 1<<10)); err != nil {
		return false, err
	}
	for {
		el, err := c.reader.Next()
		switch {
		case err != nil:
			return false, err
		case el.Attr("type") == "error":
			return false, nil
		case el.Attr("id") == "fill" && el.Attr("from") == c.jid:
			return true, nil
		}
	}
}

// scriptCrowd logs a user in many times, as USER1 and so on. Every second client can
// be resumed.
func scriptCrowd(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: crowd NODE USER N")
	}
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	for i := range n {
		name := args[1] + strconv.Itoa(i+1)
		c, err := dialXMPP(ts.Getenv("C2S_"+args[0]), "localhost", args[1], args[1], name)
		ts.Check(err)
		worldOf(ts).clients[name] = c
		if i%2 == 0 {
			_, err := c.ask("<enable xmlns='urn:xmpp:sm:3' resume='true'/>", "enabled")
			ts.Check(err)
		}
	}
}

// scriptVanish cuts the connections of a crowd without a word.
func scriptVanish(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: vanish USER")
	}
	for name, c := range worldOf(ts).clients {
		if strings.TrimRight(name, "0123456789") == args[0] && name != args[0] {
			c.close()
		}
	}
}

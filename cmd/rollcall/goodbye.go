package main

import (
	"context"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// The last words of a process: how many sessions it has closed.

// leaving is a connector's server that notes how many sessions there are to close.
type leaving struct {
	*c2s.Server
	node *node
}

func (l leaving) Shutdown(ctx context.Context) error {
	l.node.leaves = l.node.held()
	return l.Server.Shutdown(ctx)
}

// held is how many sessions the log gives to this connector.
func (n *node) held() (sessions int) {
	for _, c := range n.table.Connectors() {
		if c.Name == n.cfg.Name {
			sessions += c.Sessions
		}
	}
	return sessions
}

// goodbye says what became of the sessions that the process had.
func goodbye(con *console, n *node) {
	if !n.cfg.has(roleConnector) {
		fmt.Fprintln(con.out, "rollcall has stopped")
		return
	}
	left := n.held()
	fmt.Fprintf(con.out, "rollcall has stopped: closed %s", plural(max(n.leaves-left, 0), "session"))
	if left > 0 {
		fmt.Fprintf(con.out, "; %d that the log could not be told of are closed when this connector's lease ends", left)
	}
	fmt.Fprintln(con.out)
}

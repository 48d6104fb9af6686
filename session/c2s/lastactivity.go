package c2s

import (
	"strconv"
	"time"

	"rollcall/session/stanza"
)

// Last activity: XEP-0012. Of the server it is how long it runs; of an account,
// for its owner and those who see its presence, how long nobody of it has been
// there. How long a resource has been idle its client says itself.

var lastActivity = extension{
	features: []string{stanza.NSLastActivity},
	personal: []string{stanza.NSLastActivity},
	requests: []answer{{space: stanza.NSLastActivity, local: "query", at: atServer | atOwn | atOthers, get: (*client).lastActivity}},
}

// lastActivity is XEP-0012, 3 of accounts and 5 of the server.
func (cl *client) lastActivity(r *request) error {
	if r.to.Local() == "" {
		return cl.sendLast(r, time.Since(cl.srv.started))
	}
	if !cl.sees(r.to) {
		return refuse(stanza.Forbidden)
	}
	a := cl.srv.cfg.Table.Account(r.to)
	switch {
	case a == nil:
		return refuse(stanza.ItemNotFound) // it was never there, or not for as long as the log goes back
	case len(a.Available()) > 0:
		return cl.sendLast(r, 0)
	}
	return cl.sendLast(r, time.Since(time.Unix(0, a.At)))
}

func (cl *client) sendLast(r *request, d time.Duration) error {
	seconds := strconv.FormatInt(max(int64(d/time.Second), 0), 10)
	cl.result(r.iq, "<query xmlns='"+stanza.NSLastActivity+"' seconds='"+seconds+"'/>")
	return nil
}

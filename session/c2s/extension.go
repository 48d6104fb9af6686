package c2s

import (
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roles"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// An extension is one thing that the server can do for its clients: what it
// says of itself in disco#info and in the stream features, and the requests
// that it answers. All of them stand in one table, so that the server announces
// what it has.
type extension struct {
	features []string           // of the server (XEP-0030)
	personal []string           // of an account
	identity string             // of an account, an element
	stream   string             // a stream feature for authenticated clients, an element
	requests []answer           // at most one for a namespace and name
	on       func(*Config) bool // nil: always
}

// A request is a get or a set that the server answers.
type request struct {
	iq, payload *stanza.Element
	to          events.JID // the account or the server that is asked
}

// A place says whom a request is put to.
type place uint8

const (
	atServer place = 1 << iota
	atOwn          // the client's own account
	atOthers       // somebody else's account
)

// An answer handles the requests with one payload. A nil get or set is for
// those that don't exist.
type answer struct {
	space, local string
	at           place
	get, set     func(*client, *request) error
	needs        roles.Permission // to ask one's own account or the server, and to change anything; 0: none
}

// An offer is what the extensions that are on amount to. It never changes.
type offer struct {
	answers  map[[2]string]answer
	features []string // of the server, sorted
	personal []string // of an account, sorted
	identity string   // of an account
	stream   string
	caps     string // verification string of the server (XEP-0115)
}

// answer finds who answers a request to a place, or refuses it. A request that
// is known for one's own account only is forbidden for others' (RFC 6121, 2.1.5
// for one). needs is what the client's role must allow.
func (o *offer) answer(at place, iq, payload *stanza.Element) (handle func(*client, *request) error, needs roles.Permission, err error) {
	a := o.answers[[2]string{payload.Space(), payload.Local()}]
	handle = a.get
	if iq.Type() == "set" {
		handle = a.set
	}
	switch {
	case handle != nil && a.at&at != 0 && at == atOthers && iq.Type() == "get":
		return handle, 0, nil
	case handle != nil && a.at&at != 0:
		return handle, a.needs, nil
	case at == atOthers && a.at == atOwn:
		return nil, 0, refuse(stanza.Forbidden)
	}
	return nil, 0, refuse(stanza.ServiceUnavailable)
}

package stream

import (
	"crypto/tls"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A transport is how a stream is laid on its connection: as one document over
// TCP (tcp.go), or element by element in the messages of a WebSocket
// (websocket.go). The elements and their order are the same; a connection's
// handler doesn't know which one it has.
//
// Its methods are for the connection's goroutine, but for end, which is for any.
type transport interface {
	// Header, Next, Restart and SetLimits are those of stanza.Reader.
	Header() (stanza.Header, error)
	Next() (*stanza.Element, error)
	Restart()
	SetLimits(stanza.Limits)

	// await is called before Next by whoever lets the client be silent: after that
	// long the client's connection is tried. It sets the read deadline.
	await(idle time.Duration)
	// secure goes on under TLS. Bytes that were read in the clear are dropped.
	secure(*tls.Conn)

	// appendHeader appends our stream header, end is what closes our stream.
	appendHeader(dst []byte, h stanza.Header) []byte
	end() string

	// close gives the peer a moment to read what was written and to close its
	// side, if an error was sent, and closes the connection.
	close(failed bool)
}

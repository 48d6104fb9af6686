// Package stream turns sockets into streams of XML elements (RFC 6120, 4 and 5;
// RFC 7395): it accepts connections, keeps bad peers in bounds, reads and writes
// elements, does TLS, and ends streams properly. It knows no session: who a peer
// is and what its elements mean is for the Handler that its user brings.
//
//	server, err := stream.New(stream.Config{Domains: domains, TLS: tls}, handle)
//	...
//	err = server.Serve(ctx, listener)
//
// # The life of a connection
//
// It is counted in or refused (admission.go), introduced by its proxy if it has
// one (proxy.go), and secured if its listener begins with TLS. Then the handler is
// called, which
//
//   - calls Open for the peer's stream header, and sends the features;
//   - calls Next for each element, and answers by Send; StartTLS, and Restart, are
//     followed by another Open;
//   - calls MarkAuthenticated when it knows the peer, which lifts the limits for
//     strangers, and MarkBound when the login is over, which lifts the deadline and
//     the claim of newcomers on its place;
//   - returns why the stream ends: EndingFor knows the errors of Open, Next and
//     StartTLS.
//
// Until MarkBound the sides take turns: what is sent goes out, in one piece, when
// the handler calls Next or Open. From then on it goes out at once.
//
// Whoever else has the Conn may send to it and end it, too, at any time. The first
// end counts. The peer is told, reading fails, and the connection is closed when
// the handler has returned and the peer has had a moment to read what it was told.
//
// The events before MarkAuthenticated are given to Config.Record: Connected,
// StreamOpened, Secured, Disconnected. Later events are the handler's to record,
// as Ending.Reason and Ending.Text tell it.
//
// # Where things are
//
//   - What users see: server.go, config.go, conn.go, header.go, starttls.go,
//     ending.go, budget.go, stats.go.
//   - How a stream is laid on its connection: transport.go, tcp.go; websocket.go,
//     line.go, http.go, hostmeta.go; outbox.go.
//   - Bad peers: admission.go, addresses.go, proxy.go, meter.go, handshake.go,
//     certificate.go, onceaminute.go.
//   - Peers with certificates: clientcertificate.go.
//
// # Goroutines
//
// A connection has one, which calls the handler and reads. While it takes turns
// that one writes too; afterwards a second one exists while there is something to
// write (outbox.go), a third one while a silent WebSocket is pinged. Until it is a
// WebSocket, an HTTP connection belongs to net/http. Each listener has the
// goroutine that serves it. Send and End wait for nobody.
//
// # Limits and what happens at them
//
// An element beyond Config.Limits, or more than Config.Rate, ends the stream with
// policy-violation, and so does a peer that leaves more than 4 MiB unread.
// Whatever is read counts, white space too. A message of a WebSocket is limited
// like an element. All that peers together leave unread or incomplete has limits
// of its own (Budget), beyond which the one that asks for more is ended.
//
// Before authentication a peer may send 64 KiB in all and 8 KiB in one element,
// and leave 64 KiB unread; holding ten thousand connections open then costs 70 MB
// if they are silent, and never more than 440 MB. A login that takes longer than
// Config.LoginTimeout ends with connection-timeout; a TLS handshake may take three
// minutes more, for some clients ask their user in the middle of it. Fewer handshakes work
// at once than there are processors, and one that waits for its peer is none of
// them (handshake.go). Connections beyond Config.MaxConnections, or beyond the
// limits of their address, are closed at once; at Config.MaxUnbound the oldest
// connection that is not bound is. Those that have not asked for a WebSocket yet
// count.
package stream

// Package c2s is the XMPP connector: it holds clients' connections and turns
// what they say into commands of the session service (RFC 6120 and 6121, the
// client-to-server part).
//
// # The way of a stanza
//
// A conn reads its stream element by element, over TCP (tcp.go) or in the messages
// of a WebSocket (websocket.go, RFC 7395); its transport is all that knows which.
// What it sends is likewise one element at a time. Up to binding, negotiate.go,
// sasl.go and bind.go answer; from then on client.go hands each stanza to
// message.go, presence.go or iq.go, in the order in which they came. What is a
// transition of the session (bound, interested, available ...) is decided and
// stored by the service before the client gets its answer. What goes to others
// goes two ways:
//
//   - Presence and the ends of sessions are read from the log. Each connector's
//     projector calls Observe at each event, and watch.go shows it to those of
//     its own clients who may see it. Nothing is sent for it, and nothing can be
//     lost with a connector that dies.
//   - Messages, requests and subscription stanzas go straight to the sessions
//     that the table names, by one parcel for each connector (deliver.go), in
//     order whichever way they take (ways.go, lanes.go), and after what waited
//     for the recipient (waiting.go).
//
// # Goroutines
//
// A connection has one, which reads, handles and owns its state. A second one
// exists while there is something to write (outbox.go), a third one while a
// silent WebSocket is pinged. Until it is a WebSocket, an HTTP connection belongs
// to net/http. Observe runs on the projector's, Deliver on the courier's,
// FollowRosters, FollowBlocked and FollowPublished on the caller's; none of them
// waits for a client. Parcels that have to wait do so in at most 1,024 lanes
// (lanes.go), each with a goroutine while something is in it, and a client has
// one while somebody else is taking what waits for it (look.go).
//
// # Limits and what happens at them
//
// A stanza beyond Config.Limits, or more than Config.Rate, ends the stream with
// policy-violation, and so does a client that leaves more than 4 MiB unread.
// Whatever is read counts, white space too. Before authentication a peer may
// send 64 KiB in all and 8 KiB in one element (meter.go); holding ten thousand
// connections open then costs 70 MB if they are silent, and never more than
// 400 MB. A login that takes longer than Config.LoginTimeout ends with
// connection-timeout, a TLS handshake after 15 s, a login that fails five times
// with policy-violation. Connections beyond Config.MaxConnections, or beyond the
// limits of their address, are closed at once; at Config.MaxUnbound the oldest
// connection that is not bound is (entry.go). Those that have not asked for a
// WebSocket yet count. What is stored for good, such as presence, is handled at
// a steady pace beyond a burst (pace.go). A message of a WebSocket is limited like
// a stanza. What a client has not acknowledged is bounded (manage.go), and what is
// held for an inactive one (clientstate.go) or for one that is given older messages
// (waiting.go), a block list (blocklist.go), what an account stores and publishes
// (package pep), and what of it is kept here (pepnewest.go).
//
// # What others see when a connector stops
//
// After an orderly stop: system-shutdown for its clients, and the unavailable
// presence of each for those who watch them. After a kill: nothing, until the
// lease ends; then each watcher gets one unavailable presence for each session,
// whichever connector wrote the end. After it lost its lease: its clients are
// told to connect again, and the others have seen the end of their sessions.
package c2s

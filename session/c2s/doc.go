// Package c2s is the XMPP connector: it holds clients' connections and turns
// what they say into commands of the session service (RFC 6120 and 6121, the
// client-to-server part).
//
// # Use
//
//	server, err := c2s.New(c2s.Config{...})
//	p, err := projector.New(projector.Config{Log: log, Table: table, Observe: server.Observe})
//	go p.Run(ctx)
//	go server.FollowRosters(ctx) // likewise FollowBlocked and FollowPublished
//	go server.Serve(ctx, listener)
//	err = connector.Run(ctx, connector.Config{Server: server, ...})
//
// # The way of a stanza
//
// Package stream has the connections, and calls conn.go for each of them. It brings
// what a client says element by element. Up to binding, negotiate.go, sasl.go and
// bind.go answer, or sasl2.go and bind2.go in fewer steps; from then on client.go
// hands each message to package delivery and the rest to presence.go or iq.go, in
// the order in which they came. The service decides and stores a transition of the
// session (bound, interested, available ...) before the client gets its answer.
// There are three ways to others:
//
//   - Presence and the ends of sessions are read from the log. Each connector's
//     projector calls Observe at each event, and package presence shows it to those
//     of its own clients that may see it. Nothing is sent for it, and nothing can be
//     lost with a connector that dies.
//   - Messages, requests, directed presence and published items go straight to the
//     sessions that the table names, on whichever connectors: package delivery
//     decides, and keeps their order.
//   - Rosters, with the subscription stanzas that changed them, and block lists
//     are documents. Each connector follows them as it follows the log, and shows
//     its own clients what a change means for them (package presence).
//
// # Where things are
//
//   - The server and what it needs of others: new.go, server.go, observe.go,
//     config.go, errors.go, stats.go.
//   - Logging in: conn.go, ending.go, banned.go, negotiate.go, sasl.go, sasl2.go, foresight.go,
//     channelbinding.go, users.go, bind.go, bind2.go, signup.go, signupform.go;
//     guesses.go limits the guessing of passwords, logins.go and limiter.go bound what
//     gets into the log.
//   - Bound sessions: client.go, hub.go, local.go, manage.go, resume.go, drain.go,
//     farewells.go, acknowledge.go, endedcounts.go, clientstate.go.
//   - Their stanzas: messages are package delivery's, presence goes through
//     presence.go to package presence.
//   - What a client's role allows: role.go.
//   - Requests: iq.go routes them, extension.go finds the handler, offer.go says
//     what there is. The list of extensions is in new.go, and each has a file with
//     its handlers, which are functions of the client that asks and of the request:
//     disco.go, carbons.go, hints.go, lastactivity.go, time.go, version.go,
//     register.go, adhoc.go with announcement.go, and for what accounts keep here (stored.go) privatestorage.go,
//     vcard.go. By rosters.go and blocking.go requests come to package presence, by
//     eventing.go to package pubsub.
//
// # Goroutines
//
// A client's connection has one, which belongs to package stream; it handles
// whatever the client says, and owns the state for that. Observe runs on the
// projector's, Receive on the courier's, FollowRosters, FollowBlocked,
// FollowPublished and Reroute on the caller's, and none of them waits for a client
// to read. One ends a session that has no connection (resume.go).
//
// Locks, in the order in which they are taken: a client's life; those of package
// presence, but for its index's; the hub's; the index's; then those of the stanzas
// that go to a client, csiQueue, tally, smState, outbox (package stream). Of ours
// only life is held over I/O.
//
// # Limits and what happens at them
//
// Those of connections, of the stanzas that a client sends and of those that it
// leaves unread are package stream's. Stanzas that it does not acknowledge count
// with those that it leaves unread, for all clients together. Changes that are
// stored for good, such as presence, are handled at a steady pace beyond a burst
// (limiter.go).
//
// A login that fails five times ends with policy-violation. Whoever has failed too often
// is told nothing about a password, and late (guesses.go, package guess). An account that logs
// in more often than Config.LoginRate gets temporary-auth-failure (logins.go).
//
// Bounded, too, are: what a client has not acknowledged (manage.go), what is held
// for an inactive one (clientstate.go), a block list (package presence), what an
// account stores and publishes (packages pep and pubsub).
//
// # What others see when a connector stops
//
// After an orderly stop: system-shutdown for its clients, and the unavailable
// presence of each for those who watch them; Drain does the same to one after the
// other. After a kill: nothing, until the
// lease ends; then each watcher gets one unavailable presence for each session,
// whichever connector wrote the end, and stanzas that were sent to those sessions
// and not handled go where they go without them (Reroute). After it lost its
// lease: its clients are told to connect again, and the others have seen the end
// of their sessions.
package c2s

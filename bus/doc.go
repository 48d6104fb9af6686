// Package bus is how events travel: it keeps them in NATS JetStream and brings
// them to whoever follows. A [Bus] is one connection, and a second one for reads of the
// past, with the streams of an installation behind it:
//
//	RC_EV           the log of all accounts, one subject an account    [Bus.Log]
//	RC_PRE          what happens before there is an account            [Bus.Pre]
//	RC_LEASE        which connector runs, and until when               [Bus.Leases]
//	RC_ACCOUNTS     credentials, a key an account                      [Bus.Accounts]
//	RC_ROSTERS      rosters, a key an account                          [Bus.Rosters]
//	RC_BLOCKED      block lists, a key an account                      [Bus.Blocked]
//	RC_PRIVATE      what accounts store and publish, a key an account  [Bus.Private]
//	RC_NAMES        pseudonyms, a key an account                       [Bus.Names]
//	RC_TOKENS       what other programs are let in with                [Bus.Tokens]
//	RC_SERVICE      what is one of all connectors: their certificate   [Bus.Service]
//	RC_BANS         networks that clients may not connect from         [Bus.Bans]
//	RC_AUDIT        who asked what about whom                          [Bus.Audit]
//	RC_PUBLIC       the published form of the log, if a process publishes it [Bus.Public]
//	RC_WAITING      what waits for an account to come online           [Bus.Waiting]
//	RC_KEYFRAMES    the table at places of the log                     [Bus.Keyframes]
//	rc.v1.to.*      stanzas between connectors, not stored             [Bus.Courier]
//	rc.v1.ask.>     questions and streamed answers, not stored         [Bus.Courier]
//	rc.v1.probe.>   whether a connector is there, not stored           [Leases.Missing]
//	rc.v1.take.>    how much of an answer has come, not stored         [Bus.Courier]
//	rc.v1.api.>     questions of other programs, not stored            [Bus.Serve]
//
// # Use
//
//	nats, err := bus.Connect(ctx, bus.Config{URL: url, Existing: true}) // Existing: only to look
//	defer nats.Close()
//	for st, err := range nats.Log().Follow(ctx, 0) { ... }
//	doc, err := nats.Rosters().Get(ctx, bob)
//	alive, err := nats.Leases().Alive(ctx)
//
// # Where things are
//
//   - The connections: bus.go, link.go, config.go, address.go, credentials.go and dial.go; request.go (an answer or the
//     loss of the connection, whichever comes first), sendqueue.go (many at once),
//     api.go (those of JetStream), denied.go (what permissions forbid), permissions.go (what each role needs), inbox.go; failure.go (the server's errors in the words of
//     package events).
//   - Streams and names: streams.go, space.go (what they reserve), left.go (what the account may still store), token.go.
//   - Writing: publish.go (one attempt), sync.go (until it is on disk),
//     compareandset.go (attempts until the outcome is known), patience.go (who waits
//     for a stream that can't be reached).
//   - Reading: tail.go and delivery.go (all of a stream, without gap), budget.go (how much
//     is under way), lasting.go
//     (when it is on disk), read.go (as events), msgget.go (one message of a subject).
//   - Stored: log.go and limits.go, pre.go and bundle.go, document.go, waiting.go, lease.go,
//     leasewatch.go, leasedeath.go and leasepulse.go, keyframes.go, audit.go, public.go and feeds.go.
//   - Copied: backup.go and snapshot.go, restore.go, restorestream.go and copied.go;
//     on disk it is packages backup and archive.
//   - Counted for operators: stats.go. Not stored: package courier; service.go and program.go (for other programs).
//
// # What it promises
//
// A write that returned nil is stored by as many servers as the stream has
// replicas; a killed server process loses nothing of it. A power failure loses
// nothing of it either if an embedded server is to sync always (natsd.Options.Fsync);
// otherwise that is the server's setting sync_interval, which this package can't see.
//
// Every write tells apart stored, not stored and unknown, by the errors of
// package events. While there is no connection, or no leader, writes to the log and to
// leases fail at once with events.ErrUnavailable: nothing is kept in a client's
// buffer to be sent later, when the decision behind it may no longer hold. Documents
// and waiting messages, which are written as they are or not at all, wait for up to
// events.MaxOutage.
//
// Reads that a decision rests on ask the stream's leader, never a replica that
// may lag. Followers go on after any interruption where they stopped, without
// gap or repetition, and refuse to go on if the stream is not the one that it
// was before.
//
// # Limits
//
// A record has at most events.MaxRecord bytes, a document events.MaxDocument, a
// lease's info 4 KiB. All followers of a process share 24 MiB that may be under way, and
// all its reads share as much, on a connection of their own; each has a little beyond
// that, so that none waits for another. A full log refuses records (events.ErrFull), and a full waiting room (100
// messages an account) refuses messages; RC_PRE drops its oldest records.
package bus

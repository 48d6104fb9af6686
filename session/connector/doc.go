// Package connector is the life of a connector: of any process that holds clients'
// sessions, whatever it speaks with them. XMPP is one kind (package c2s), a bot
// with a session of its own another. Run goes from one incarnation to the next:
//
//   - It gets a lease, which makes an incarnation, and says so in the log.
//   - It waits until its table has everything that is in the log, and closes there
//     the sessions that connectors without a lease left, its own predecessor above
//     all. Only then does it accept sessions.
//   - While it serves it closes the sessions of other connectors that die, and has
//     the stanzas that were on their way to them sent on. It repeats its own sessions
//     in the log before that forgets them (session.Service.Refresh).
//   - It loses the lease when the log is out of reach for too long: then it ends
//     every stream, and begins anew. Or it is stopped: then it ends every session
//     in the log, says there that it has stopped, and gives the lease back.
//
// The caller gives it everything else: a Server that holds the clients, and the
// keepers of leases, table and log. The package knows neither NATS nor XMPP.
//
// # Use
//
//	err := connector.Run(ctx, connector.Config{
//		Acquire: acquire, Leases: leases, Table: table, Log: log, Courier: courier, Server: server,
//	})
//
// # Promises
//
// Sessions are accepted only while a lease holds, and after everything that was
// left by those without one is closed. The sessions of a connector that dies are
// closed once, by any survivor, with the reason connector_lost; survivors need no
// leader. A connector that can't renew its lease has ended its streams before the
// lease is over. One that has died is found out sooner, and its lease is revoked
// (death.go); if it lives after all, it finds its lease lost when it renews it next,
// and until then it can store nothing.
//
// # Goroutines
//
// Run returns when all that it has started have returned, but for calls of
// Server.Reroute, which wait for other connectors. They are: one that watches the
// leases, the one of Config.Beside, one that goes from lease to lease; and for
// each incarnation one that renews the lease, one that writes the ends that could
// not be written at once (session.Service.Run), one that announces its beginning, one
// that asks how full the log is, one that closes others' sessions, one that repeats
// sessions, and one that looks for connectors that have died, with one more for each of
// those. Server.Receive is called on the courier's.
//
// # As others see it
//
// After an orderly stop: each session ends in the log with the reason that the
// Server gives, within 3 s, then the connector itself, and the name is free at once.
// After a kill: within 10 s the log says that the connector is lost, and then each
// session ends with connector_lost, all written by the first survivor, or by the
// next incarnation of the same name before it serves, whose beginning is the end of the
// one before. A process that hangs, with its
// connection, keeps its sessions until its lease has ended, and so does one that
// dies while the stream of leases can't be written. After the loss of a lease the
// same, and the clients have been told by Server.Suspend. While the log is nearly
// full: logins are refused, and all of these ends are written.
package connector

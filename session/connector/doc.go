// Package connector is the life of a connector: of any process that holds clients'
// sessions, whatever it speaks with them. XMPP is one kind (package c2s), a bot
// with a session of its own another. Run goes from one incarnation to the next:
//
//   - It gets a lease, which makes an incarnation.
//   - It waits until its table has everything that is in the log, and closes
//     there what connectors without a lease left, its own predecessor above all.
//     Only then it accepts sessions.
//   - While it serves it closes what other connectors leave that die, and has what
//     was on its way to them sent on. It repeats its own sessions in the log before
//     that forgets them (session.Service.Refresh).
//   - It loses the lease when the log is out of reach for too long: then it ends
//     every stream, and begins anew. Or it is stopped: then it ends every session
//     in the log, and gives the lease back.
//
// What a connector is for comes from its caller: a Server that holds the clients,
// and what keeps leases, table and log. The package knows neither NATS nor XMPP.
//
// # What it promises
//
// Sessions are accepted only while a lease holds, and after everything that was
// left by those without one is closed. The sessions of a connector that dies are
// closed once, by any survivor, with the reason connector_lost; survivors need no
// leader. A connector that can't renew its lease has ended its streams before
// others may give them away.
//
// # Goroutines
//
// Run returns when all that it has started have returned, but for calls of
// Server.Reroute, which wait for other connectors. They are: one that watches the
// leases, the one of Config.Beside, one that goes from lease to lease; and for
// each incarnation one that renews the lease, one that writes the ends that could
// not be written at once (session.Service.Run), one that closes what others leave,
// and one that repeats sessions. Server.Receive is called on the courier's.
//
// # What others see
//
// After an orderly stop: each session ends in the log with the reason that the
// Server gives, within 3 s, and the name is free at once. After a kill: nothing
// until the lease has ended; then each session ends with connector_lost, written
// by the first survivor, or by the next incarnation of the same name before it
// serves. After the loss of a lease the same, and the clients have been told by
// Server.Suspend.
package connector

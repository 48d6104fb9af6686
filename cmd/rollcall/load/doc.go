// Package load drives an XMPP server with clients by the thousand and measures
// how fast it is. It speaks the protocol and nothing else, so that it drives
// any server: two servers are compared by driving them in turns from one
// process, with the same accounts, mechanism and TLS.
//
// # What it promises
//
//   - A scenario counts what clients got, not what was sent. Stanzas that never
//     come are an error, not a good figure.
//   - Clients are cheap: one goroutine each, no timers, and where only a count
//     is wanted what they get is searched for end tags and not parsed. The
//     processor time that the load costs is still taken from the same machine.
//   - Latency is counted from when a stanza was due, not from when it could be
//     sent, so that a server that stalls is charged for all that waited.
//   - The figures of the server's process, memory and processor time, are the
//     kernel's (proc(5)), and count only with Server.PIDs on the same machine.
//
// # Limits
//
// One password for all accounts; certificates are not verified; one process,
// so about 28,000 connections to one address from the kernel's port range and
// as many as it may have open files. A step of a login or of a teardown that
// takes more than stepTime fails the round.
package load

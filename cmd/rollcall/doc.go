// Command rollcall runs the session service and asks it questions.
//
// "rollcall up" is the service: an embedded NATS server with JetStream (or the
// one that --nats names), a projector, and an XMPP connector, all or some of
// them in one process. The other verbs are short-lived clients of a running
// service: they read the log and the accounts over NATS, and change something
// only by appending an event or by a compare-and-set.
//
// # Where things are
//
// A verb is a file of its name, those of "rollcall user", "rollcall names", "rollcall
// config" and "rollcall bench" begin with that, and run.go puts them together. They share
// console.go, table.go, bars.go, recordlines.go and publiclines.go for what they print, when.go for times, size.go for counts and sizes,
// chosen.go for filters, service.go, serviceconfig.go, past.go and progresslog.go for what they read, and accounts.go for what
// they change.
// "rollcall user export --xep0227" is userexportall.go. "rollcall import" has importsource.go (what is at a path) and importreport.go beside it.
// Their knowledge is in packages: ask, replay, projector/query, session/accounts and
// person; what "nats-config" writes is in natsconf, what "bench" measures in bench and
// load, and the picture that "stats" draws in chart.
//
// The service is up.go and config.go (what was asked for), load.go and sections.go
// (where that is read; package settings does it), node.go (one process,
// in the order in which its parts start and stop), connector.go (what package
// connector runs, and what that needs beside it), listeners.go, credentials.go,
// logflags.go (the limits of a log that is made), publish.go, publicflags.go and onbus.go (what
// programs on NATS get) and logwatch.go (warnings before it is
// full, in the words of logwords.go), manager.go (what systemd is told).
//
// # What it promises
//
// The exit code is 0, 1 for an error with one line on standard error, or 2 for
// wrong usage. Output that scripts read goes to standard output, anything for
// people's eyes only goes to standard error.
//
// # What others see when a process ends
//
//   - An orderly stop (Ctrl-C, SIGTERM): every client gets a stream error
//     system-shutdown, every contact one unavailable presence; the log has a
//     closed event for each session, and the lease is given back. All of it
//     within five seconds.
//   - A kill: contacts get their unavailable within ten seconds, by the first
//     surviving connector that finds the lease's holder gone; or, if the same
//     connector starts again before, at its start and before it serves a new login.
//     A process that hangs keeps its sessions until its lease ends (--lease).
//   - The log out of reach: what has to be stored waits for up to 30 s. The
//     connector stops before its lease can have ended, refuses logins, and takes up a
//     new lease when the log is back.
package main

// Package bench measures what Rollcall's core does on this machine: appending,
// folding, looking up, the memory of a table, and how soon another process sees
// what is stored.
//
// Every measurement runs beside the same work done with nothing but the NATS
// client, in turns, in one process on one server of its own, because only the
// ratio means something on a machine that others use too.
//
// What depends on the length of a log is measured on one that a [LogMaker] has
// made: of millions of events, spread over days as the events of a service are.
package bench

// Package replay says what was true then. It reads the log again, up to the
// moment that is asked for, and folds it with the projector's own table, so
// that the answer about the past is the one that would have been given in it.
//
// At gives the whole table of a moment, AccountAt one account of it. Sessions
// gives the sessions of a span of time from their beginnings to their ends,
// History what happened in it, and Tail what happens from now on. Diff tells the
// sessions of two moments apart.
//
//	past, err := replay.At(ctx, log, replay.Moment{Time: then}) // a table, as of then
//	for s, err := range replay.Sessions(ctx, log, replay.Span{Since: monday}) { ... }
//	for c, err := range replay.Diff(ctx, log, nobody, yesterday, today) { ... }
//	for st, err := range replay.History(ctx, log, pre, replay.Span{Of: bob}) { ... }
//	for st, err := range replay.Tail(ctx, log, bob, info.Last) { ... }
//
// Its functions keep nothing between calls, write nothing, and are safe for
// concurrent use. Time is always that at which the log stored a record, which
// never goes back, not that of a connector's clock.
//
// # Errors
//
// A record that can't be decoded is passed over as it was in its time: At,
// AccountAt and Sessions count it or ignore it as the table does, History and
// Tail give it as a *events.PoisonError and go on. Any other error is the last.
//
// # Limits
//
// At reads the log from its beginning: it takes about as long as reading the
// log, and as much memory as the table had. Sessions does so for all accounts,
// and needs memory for the sessions that are open at one time. Where retention
// has removed the beginning, sessions that began in it are known from the record
// that repeats them (events.Refreshed), and not before it: Past.Whole tells.
//
// Leases are not in the log, so a route of the past goes to a session until
// the event that ended it, not until its connector's lease did.
package replay

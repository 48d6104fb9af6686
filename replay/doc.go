// Package replay says what was true then. It reads the keyframe before the moment
// that is asked for, and the log again from there up to the moment, and folds it with
// the projector's own table, so that the answer about the past is the one that would
// have been given in it.
//
// At gives the whole table of a moment, AccountAt one account of it. Sessions
// gives the sessions of a span of time from their beginnings to their ends,
// History what happened in it, and Tail what happens from now on. Diff tells the
// sessions of two moments apart.
//
//	archive := replay.Archive{Log: log, Keyframes: keyframes}
//	past, err := replay.At(ctx, archive, replay.Moment{Time: then}) // a table, as of then
//	for s, err := range replay.Sessions(ctx, archive, replay.Span{Since: monday}) { ... }
//	for c, err := range replay.Diff(ctx, archive, nobody, yesterday, today) { ... }
//	for st, err := range replay.History(ctx, log, pre, replay.Span{Of: bob}) { ... }
//	for st, err := range replay.Tail(ctx, log, bob, info.Last) { ... }
//
// Its functions keep nothing between calls but in an archive's Memory, write nothing, and
// are safe for concurrent use. Time is always that at which the log stored a record, which
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
// At reads a keyframe and at most keyframe.Interval records behind it, or as many as
// keyframe.Apart says, and needs as much memory as the table had. Diff needs that
// once or twice, whatever lies between its moments. Sessions reads its span and what
// lies between that and the keyframe before it, and needs memory for the sessions that
// are open at one time. An account's own past is read by its subject. Where there is no
// good keyframe they read the log from its beginning.
//
// Where retention has removed the beginning, whatever lives at the first keyframe that
// is left is known from it. At a moment before that, sessions that began in the part
// that was removed are known from the record that repeats them (events.Refreshed), and
// not before it: Past.Whole and Archive.Knows tell.
//
// Whose lease had ended at a moment is what the log said by then (LeasesAt, and the
// table's IsLost). A survivor says it within milliseconds, and before it closes the
// sessions; where there was none the next connector does, and until then they count
// as reachable. So do those of a log from before it said anything of leases.
package replay

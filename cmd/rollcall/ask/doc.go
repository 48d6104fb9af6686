// Package ask answers what people and programs ask about sessions, now and then: who is
// there, where a stanza goes and why, whom somebody sees, what has changed.
//
// It makes answers and prints none, so that the command line and the API say the same:
//
//	source := ask.Source{Archive: archive, Now: running, Leases: leases, Accounts: accounts}
//	table, err := source.Sessions(ctx, replay.Moment{Time: then})
//	verdicts, err := source.Route(ctx, bob, replay.Moment{})
//
// The zero replay.Moment is now, which is asked of whoever has the table; any other moment
// is read from the archive, and costs at most one interval between keyframes. The JSON
// names of all answers are an interface for scripts: fields are added, never renamed.
package ask

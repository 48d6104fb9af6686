// Package projector says what is true now. It folds the log of all accounts
// into one table of all sessions and answers from memory where a stanza goes,
// who holds a full JID, and what a connector holds.
//
// # Use
//
//	table := projector.NewTable()
//	p, err := projector.New(projector.Config{Log: log, Table: table, Observe: observe})
//	go p.Run(ctx)
//	err = p.CatchUp(ctx) // until then the table shows the past
//	to := table.Routes(bob)
//	err = table.WaitFor(ctx, position) // of something that was just stored
//
// # What it promises
//
// Readers take no lock and never wait for the fold, nor the fold for them. An
// account is read whole: as it was at one sequence of the log, never half
// changed. The content of a table at a sequence is a function of the log up to
// it, by session.Apply and nothing else, so that the tables of all processes
// agree, and agree with those that replay folds of the past; Table.Hash
// compares them.
//
// For each record there is this order: the table shows it, the observer is told
// of it, WaitFor releases those who wait for it. So whoever waits for a
// position finds both its state and what observers did about it.
//
// An observer is told of the live tail only, never of a record that was in the
// log before the projector started: to fold a year's history again sends
// nothing to anybody.
//
// A record that can't be decoded, or that contradicts the one before it, is
// counted and shown in Stats, and the fold goes on. Every fold passes over it
// in the same way, so that hashes still agree.
//
// # Keyframes
//
// With Config.Keyframes an empty table begins with the newest keyframe that goes with
// the log as it is (package keyframe), and only the records behind it are folded. With
// Config.Write the projector writes one at every place, and, beside the fold, those
// that the past misses. Neither changes what a table holds; see Restoration for how one
// that is no good is told from a good one.
//
// # Who owns what
//
// One goroutine folds: the one that calls Projector.Run (or, without a
// Projector, Table.Fold). Everything else is for any goroutine.
//
// # Limits
//
// The table is as large as there are sessions. An account whose last session has
// ended is forgotten after some 16,000 others: session.Service then asks the log for
// the sequence that its next append must name. Tables may differ in what they still
// know of such accounts; nothing that they say of sessions does.
//
// Retention does not change the tables that saw what it removes. One that starts later
// knows a session from a keyframe, or from the record by which its connector repeats it
// in time (session.Service.Refresh).
package projector

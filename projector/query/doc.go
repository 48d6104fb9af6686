// Package query asks a running projector what its table holds, and answers for
// one. It is the protocol between the verbs of the command line and the process
// that has the table, over whatever brings questions and answers (bus/courier).
//
// # Use
//
//	stop, err := query.Answer(nats.Courier(), table, logger) // where the table is
//	running := query.Client{Asker: nats.Courier(), Log: nats.Log()}
//	for s, err := range running.Sessions(ctx) { ... }
//
// # What it promises
//
// An answer is of one moment, as of the end of the log when it was asked for or
// later: whoever saw something acknowledged sees it in the answer.
//
// Questions and the lines of answers are JSON between processes that may be of
// different versions, and for scripts: fields are added, never renamed, and a
// side passes over those that it does not know.
//
// # Limits
//
// A question has at most 4 KiB. It waits up to 20 s for the table, and whoever
// asks waits up to 30 s for all of the answer. Answers go in chunks of about
// 64 KiB, as fast as they are taken, and hold up no fold. How many are worked on
// at once is the courier's to bound (16 of each kind).
package query

// Package session says what may happen. Apply folds an account's records into
// its current sessions; Decide turns a command into the events that carry it
// out, or refuses; Service appends them. Apply and Decide are functions of
// their arguments: no clock, no randomness, no I/O. Time and ids are inputs.
//
// The same Apply answers "who is online" in the projector, "who was online
// then" in replay, and "may this be bound" here: there is one fold.
//
// # Use
//
//	svc, err := session.NewService(session.Config{Log: log, Accounts: accounts, Connector: incarnation})
//	go svc.Run(ctx) // repeats ends that could not be written at once
//	account, at, err := svc.Do(ctx, bob, conn, session.Authenticate{Session: id})
//	account, at, err = svc.Do(ctx, bob, conn, session.Bind{Session: id, Resource: "desk", Generated: random})
//	svc.End(ctx, bob, conn, session.Close{Session: id, Reason: events.ReasonClient})
//
// A connector decides on the projector's table; a program without one, which
// changes an account now and then, on [Histories].
//
// The records of connectors, which say who held a lease, have a fold of their own,
// [ApplyLease], and are written by [Service.Announce].
//
// # The order of durability
//
//  1. decide: on the account as the log has it, up to a known sequence.
//  2. append: with that sequence as the condition. If the account's history
//     has moved on, start again at 1; if the outcome is unknown, find it out
//     before anything else, with the same event under the same id.
//  3. acknowledge: only now does the client hear that it is bound, available,
//     or has the roster. A result is never sent before its event is stored, and one
//     that promises something of routing not before this connector's table has it.
//  4. project: every connector's table learns of it from the log.
//  5. deliver: what others must see (presence, the end of a replaced stream)
//     follows the live tail of the log, never a replay of it.
//
// A crash after 2 loses nothing that anybody saw; a crash before it undoes
// nothing that anybody saw.
//
// # Guarantees
//
// At every sequence of the log at most one live session has a given full JID,
// whichever connectors bind at the same moment (RFC 6120, 7.7.2.2). A session
// that is closed stays closed. A command decided upon is stored at most once,
// even when acknowledgements are lost. A refusal is true of the account at that
// moment, however far behind the table is. Together: what Do answers is, event
// by event, linearizable.
//
// A connection that is gone ends its session, and only its own: one that
// another connection has resumed meanwhile goes on (XEP-0198, 5).
//
// # Limits
//
// An account holds at most MaxSessions sessions, and each of them at most
// MaxDirected JIDs that it directed presence to. A command takes at most
// Config.Timeout, the wait for earlier ones on the same account included.
//
// The last part of a log that fills up takes only the ends of sessions, if the caller
// says how large the log is (Service.KeepReserve): whatever begins or goes on is
// refused while the ends of all sessions still fit.
//
// A refused command, and one that finds nothing to do, costs a read from the
// log; so does one on an account that the table has forgotten, unless Service.Foresee
// has asked before. While the log can't be reached nothing is refused: everything is
// unavailable.
package session

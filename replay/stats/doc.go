// Package stats computes figures of a span of time from the log: how many were online,
// who logged in, how sessions ended, how long they lasted. The figures are functions of
// the log and the span alone, so whoever computes them another way must get the same;
// the datasets of an export (docs/export.md) are enough for it, and have the same
// words.
//
//	answer, err := stats.Read(ctx, archive, pre, stats.Query{Since: monday, Step: time.Hour})
//	for _, c := range answer.Concurrency { ... }
//
// # Common terms
//
// A span is from Since up to, but not including, Until. A record belongs to the time at
// which the log stored it or, where a server's clock went back, at which it had stored
// any before; a failed login to that at which its stream stored it. Steps begin at
// multiples of their length since 1970, UTC, so that the first and the last of a span
// may be cut short; a day is one of UTC, a week one that begins on Monday (ISO 8601), a
// month one of the calendar.
//
// A session is what a row of dataset sessions is: from the record that authenticated it
// to the one that closed it or bound its full JID to another session, which ends it as
// "replaced". It is online from the record that bound its resource to its end, while it
// is detached as well, for others see it so. An account is online while any of its
// sessions is. An account that was removed and made again is somebody else.
//
// A client is the software of a session and its major version (public.Software), as the
// record that authenticated it says. It is "" if the client has said nothing, or the
// session began before the span. The connector that a session is at is named by its
// last record of authenticated, resumed or refreshed.
//
// # Figures
//
//   - concurrency: for each step, how many sessions and accounts were online when it
//     began, before its own records, and the most that were at any moment of it, its
//     beginning included.
//   - logins: for each step and SASL mechanism, the records authenticated, and
//     auth_failed of the stream of connections. Steps and mechanisms without any are
//     left out.
//   - ends: for each step and reason, the sessions that ended.
//   - durations: of the sessions that ended, from their beginning to their end, in
//     milliseconds: all of them, by reason, and by client. Those that ended as
//     "resumed" have only a row of their reason, for they were one session's way into
//     another. A quantile q of n durations is the ceil(q*n)th by size, within 0.4 %.
//     Buckets are exact, and not cumulative: those longer than the bucket before and
//     not longer than this one.
//   - users: for each day, week and month that the span touches, the accounts that were
//     online at some moment of it within the span. It is exact up to MaxAccounts
//     accounts, told apart by 64 bits of a hash; of more, those that came first are
//     counted, and Exact is false.
//   - resumes: of the detachments that began in the span (a session that was online
//     lost its connection and was kept), how many were resumed in it, how many ended
//     with their session, and how many go on; the time from detached to resumed; and
//     how many were resumed at another connector, by name. Success is
//     resumed/(resumed+ended). Unnoticed are resumptions of sessions whose connection
//     was not known to be lost. All of them, and by client.
//   - agents: for each client the records authenticated, and the accounts that they are
//     of, as exact as users.
//   - connectors: for each connector, how often it started, stopped and was lost, the
//     logins at it, the resumptions that it took up, the sessions that ended at it; how
//     many were online at it at the end of the span, and at most. It was lost if a
//     record connector_lost says so, or connector_started of a later incarnation of its
//     name while it had neither stopped nor been lost, for nobody announces as lost one
//     that was killed and is back in time.
//   - fights: sessions that replaced each other for one full JID. A fight is a series
//     of three ends or more as "replaced", of sessions of the same full JID, each at
//     most FightWindow after the one before. The MaxFights with the most ends are
//     given.
//   - storms: accounts that came back together. An account has lost a session when one
//     of it ends or detaches as connection_lost, timeout, error, connector_lost,
//     shutdown, overload or unavailable, and comes back with its next record
//     authenticated or resumed, if that is at most ComesBack after its last loss. Of a
//     connector that was killed the log says so only when its lease has ended, and by
//     then clients are back. So an account has also come back with a record
//     authenticated if, at most Unnoticed later and before its next such record or one
//     of resumed, another session of it ends as connector_lost or replaced; and that
//     end is no loss to come back from. They are counted by windows of StormWindow
//     since 1970, an account once in each. Stormy is a window with StormAccounts or
//     more, and at least StormFactor times the mean of all windows that the span
//     touches; stormy windows next to each other are one storm. It is given from its
//     first to its last coming back, with their number and the reason and the connector
//     of most of the losses; "replaced" is the reason only if there is no other.
//
// # Reading
//
// Read begins with the newest keyframe before the span and reads the log once for all
// figures, and the stream of connections for logins. It holds the sessions that are
// online, a few numbers for each step, and what is bounded by the constants here. Names
// that clients choose (of mechanisms and of themselves) are counted by themselves for
// the first MaxNames of each, and then as "other".
package stats

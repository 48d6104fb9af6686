// Package tally counts what a connector has written to the log, as its own table's
// fold comes by it.
//
// Each record of an account is counted by one process: the connector that wrote it,
// or, of one that a program without a lease wrote (an administrator's kick, say),
// the one that held the session. So the sum over all connectors is what the log has,
// and a record whose acknowledgement was lost is counted like any other. Records that
// are in the log when the process starts are not counted, as is usual of counters, and
// neither is the end of a session that a program without a lease ends while no
// connector holds it.
package tally

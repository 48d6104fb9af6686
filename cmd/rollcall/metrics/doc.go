// Package metrics shows what a process counts, for Prometheus, and whether it is alive
// and ready, for whoever starts and balances it.
//
// It counts nothing itself: each fact is counted where it happens, by the package
// whose fact it is, without a lock or a look-up on a path that clients wait for. The
// figures are read when somebody asks.
//
// Which process counts what is said in each metric's help. Counters of events are of
// those that the process's own connector wrote, so their sum over all processes is what
// the log has; the table, the log and its streams are the same for all, as each sees
// them, and are not to be added. No label has an account, an address, a session or a
// connector: each has values of a fixed set.
//
// How far the table is behind the log is measured against the log's end, for which a
// goroutine of its own asks the server (see Probe). If that is not answered, the lag is NaN, not 0:
// a fold that is cut off must not look like one with nothing to do.
package metrics

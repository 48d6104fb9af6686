// Package capacity tells how full a log is, and when it will be full.
//
//	report, err := capacity.Look(ctx, log, sessions, time.Now())
//	if report.Level() >= capacity.Critical { ... }
//
// A log is full for logins before it is full altogether: [session.Reserve] is kept for
// the ends of sessions. Its disk may be full before that, if a [DiskLog] can tell. The rate is that of the last day, and the forecast knows that
// old records go meanwhile: a log whose age removes as much as is added never fills.
// Look asks the log some thirty questions, each of which costs it the same, however
// long the log is; Glance, for whoever looks often, mostly two.
package capacity

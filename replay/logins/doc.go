// Package logins reads who came in, and who tried to and did not: the logins and
// resumptions that the log has, and the failed logins of the stream before authentication,
// merged by the time at which they were stored.
//
//	source := logins.Source{Log: bus.Log(), Pre: bus.Pre()}
//	r, err := source.Open(ctx, logins.Question{Filter: failedFrom, Newest: true})
//	defer r.Close()
//	for st, err := range r.All() { ... }
//	page.next = r.Place()
//
// The two streams have sequences of their own, so a place among logins is one in each, and
// whoever goes on from a place misses and repeats nothing, whatever was stored meanwhile.
//
// What a filter can't mean is not read: with type:auth_failed only the stream before
// authentication, which is bounded, and without it only the log; of the accounts that a
// filter names only their own records. Otherwise all records of the log are looked at, a
// second for some hundred thousand. Question.Go bounds that.
package logins

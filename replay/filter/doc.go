// Package filter has the one grammar by which people and programs say which events or
// sessions they mean, on the command line and over HTTP alike:
//
//	type:closed reason:connection_lost,timeout -account:bob@localhost duration:>1h
//
// A filter is made of terms with spaces between them, all of which must hold. A term is a
// key, a colon and a value, or several values with commas, one of which must hold; with -
// before the key none may. There is no free text: each key is a field of the published
// form (docs/schema), and says what that says.
//
//	words    type:closed,detached           one of a list
//	text     agent:gajim*                   * is any text, ? one character
//	numbers  priority:5  priority:>0  priority:-1..10
//	times    duration:>1h  duration:5m..1h  in ms, s, m, h and d
//	network  address:192.0.2.0/24           or one address
//
// Text with spaces, commas or stars of its own stands in double quotes, where \ takes the
// meaning of the next character away: text:"gone, \*all\*". An event without the field has
// no value, so key:* asks for those that have it, and -key:* for the others.
//
// # Use
//
//	f, err := filter.Parse("type:closed reason:kicked,replaced")
//	for st, err := range f.Read(ctx, log, events.Range{}) {
//		if err == nil && f.Event(st) { ... }
//	}
//
// # What it promises
//
// An error in a filter names the key that is wrong, and says what is allowed there.
// The zero Filter means all events. A Filter doesn't change, may be used by any
// goroutine, and looks at an event without allocating.
//
// # Limits
//
// A filter has at most 4 KiB, and a value at most 256 bytes, unless it is an account.
package filter

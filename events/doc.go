// Package events is the vocabulary of Rollcall: who is meant (JID, ids), what
// can happen to a session (Event), how a happening is written down for ever
// (Record and its msgpack encoding) and what a log of them promises (Log).
//
// The package imports nothing else of the project, does no I/O and holds no
// state; everything else is written in its words. Values are safe for
// concurrent use as long as nobody changes them, and nobody does: a Record is
// complete before it is appended and never altered after.
//
// # Use
//
//	bob, err := events.ParseJID("bob@localhost")
//	for st, err := range log.Read(ctx, events.Range{Account: bob}) { ... } // or log.Follow
//	switch e := st.Event.(type) { case events.Authenticated: ... }
//	doc, err := events.Update(ctx, docs, bob, func(doc events.Document) ([]byte, error) { ... })
//
// # The form of a record
//
// A record is a msgpack array; see [Record.Append]. Fields are only ever added
// at its end, and decoders skip what they do not know, so that any reader can
// read any log. Its strings are UTF-8, and bytes that are not text are binary,
// so that readers in other languages may be strict. Every event kind has a
// number and a version of its own; both are frozen, with the bytes, in
// testdata/golden. A field that changes in meaning gets a new version and an
// upcaster (upcast.go), never an edited decoder.
//
// A record that can't be decoded gives an error that wraps [ErrUndecodable]; a
// kind that this build does not know gives an [Unknown] event. Readers of the
// log count and keep both, and go on.
package events

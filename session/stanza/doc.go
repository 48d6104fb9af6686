// Package stanza is XMPP as it is written on the wire: a reader of XML streams
// (RFC 6120, 4), the elements that it gives, and appenders for everything that
// a server or a client says itself.
//
// # Use
//
//	in := stanza.NewReader(conn, stanza.Limits{})
//	h, err := in.Header() // the peer's stream header
//	el, err := in.Next()
//	out = stanza.AppendResult(out, el, payload, stanza.Stamp{To: full})
//	out = stanza.AppendError(out, el, &stanza.Error{Condition: stanza.BadRequest}, stanza.Stamp{})
//
// # What it promises
//
//   - Only what RFC 6120, 11 allows gets in. Input that is not well-formed, not
//     namespace-well-formed, not UTF-8, restricted (comments, processing
//     instructions, document types, entities of one's own) or beyond the
//     [Limits] ends the stream with the [StreamError] that the RFC names. How
//     the input was cut into reads makes no difference.
//   - An [Element] is immutable and owns its bytes. It may be kept, queued and
//     read by many goroutines after the reader has gone on.
//   - What a client sent inside of a stanza is forwarded byte by byte
//     ([Element.AppendTo]): only the root's start tag is written anew, so that
//     the stanza means the same in any stream with jabber:client as its default
//     namespace.
//   - What the appenders write is well-formed, whatever strings they are given.
//
// # What it costs
//
// A [Reader] at rest holds a buffer of 1 KiB and a few hundred bytes. The memory
// that a stanza needs beyond that is taken when its first byte has come and
// given back at its end; it is bounded by the limits. A stanza is parsed in one
// pass into one flat table of offsets into its text; names, values and text are
// cut out of it when asked for, and cost an allocation only where they contain
// references or need normalization.
//
// # What it leaves to its caller
//
// It sets no deadlines, counts no rates and knows no state of a session. It does
// not look into stanzas: that there is one payload in an iq, or that a type is
// known, is for whoever handles it. It reads no XML but that of XMPP.
package stanza

package stanza

import "errors"

// ErrStreamEnd is what [Reader.Next] returns when the peer has closed its
// stream with an end tag (RFC 6120, 4.4), as opposed to [io.EOF], which says
// that the connection ended between two stanzas without one.
var ErrStreamEnd = errors.New("stream closed by the peer")

// A StreamCondition is one of the conditions that RFC 6120, 4.9.3 defines.
type StreamCondition string

const (
	StreamBadFormat              StreamCondition = "bad-format"
	StreamBadNamespacePrefix     StreamCondition = "bad-namespace-prefix"
	StreamConflict               StreamCondition = "conflict"
	StreamConnectionTimeout      StreamCondition = "connection-timeout"
	StreamHostGone               StreamCondition = "host-gone"
	StreamHostUnknown            StreamCondition = "host-unknown"
	StreamImproperAddressing     StreamCondition = "improper-addressing"
	StreamInternalServerError    StreamCondition = "internal-server-error"
	StreamInvalidFrom            StreamCondition = "invalid-from"
	StreamInvalidNamespace       StreamCondition = "invalid-namespace"
	StreamInvalidXML             StreamCondition = "invalid-xml"
	StreamNotAuthorized          StreamCondition = "not-authorized"
	StreamNotWellFormed          StreamCondition = "not-well-formed"
	StreamPolicyViolation        StreamCondition = "policy-violation"
	StreamRemoteConnectionFailed StreamCondition = "remote-connection-failed"
	StreamReset                  StreamCondition = "reset"
	StreamResourceConstraint     StreamCondition = "resource-constraint"
	StreamRestrictedXML          StreamCondition = "restricted-xml"
	StreamSeeOtherHost           StreamCondition = "see-other-host"
	StreamSystemShutdown         StreamCondition = "system-shutdown"
	StreamUndefinedCondition     StreamCondition = "undefined-condition"
	StreamUnsupportedEncoding    StreamCondition = "unsupported-encoding"
	StreamUnsupportedFeature     StreamCondition = "unsupported-feature"
	StreamUnsupportedStanzaType  StreamCondition = "unsupported-stanza-type"
	StreamUnsupportedVersion     StreamCondition = "unsupported-version"
)

// A StreamError ends a stream (RFC 6120, 4.9). The reader returns one for input
// that it refuses; others are made where they are decided.
type StreamError struct {
	Condition StreamCondition
	// Text says more to the peer's developers. It is sent; it may be empty.
	Text string
	// App is an application-specific condition (RFC 6120, 4.9.4): one complete
	// element in a namespace of its own, appended as it is. It may be empty.
	App string
}

// Error is for logs; AppendTo writes what the peer gets.
func (e *StreamError) Error() string {
	if e.Text == "" {
		return "stream error " + string(e.Condition)
	}
	return "stream error " + string(e.Condition) + ": " + e.Text
}

// AppendTo appends the stream:error element. It declares its prefix itself, so
// that it is complete in a WebSocket message too (RFC 7395, 3.3).
func (e *StreamError) AppendTo(dst []byte) []byte {
	dst = append(dst, "<stream:error xmlns:stream='"+NSStream+"'><"...)
	dst = append(dst, e.Condition...)
	dst = append(dst, " xmlns='"+NSStreamErrors+"'/>"...)
	if e.Text != "" {
		dst = append(dst, "<text xmlns='"+NSStreamErrors+"' xml:lang='en'>"...)
		dst = AppendText(dst, e.Text)
		dst = append(dst, "</text>"...)
	}
	dst = append(dst, e.App...)
	return append(dst, "</stream:error>"...)
}

func notWellFormed(text string) error {
	return &StreamError{Condition: StreamNotWellFormed, Text: text}
}

func badPrefix(text string) error {
	return &StreamError{Condition: StreamBadNamespacePrefix, Text: text}
}

func restricted(text string) error {
	return &StreamError{Condition: StreamRestrictedXML, Text: text}
}

func violation(text string) error {
	return &StreamError{Condition: StreamPolicyViolation, Text: text}
}

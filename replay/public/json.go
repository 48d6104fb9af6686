package public

import (
	"encoding/binary"
	"encoding/hex"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"github.com/rollcall-xmpp/rollcall/events"
)

// timeForm is that of all times.
const timeForm = "2006-01-02T15:04:05.000000Z"

// lastMilli is the last instant that RFC 3339 has a form for.
const lastMilli = 253402300799999

// A member's name is given with all that comes before its value: a comma, and quotes.

func appendText(b []byte, name, value string) []byte {
	return appendString(append(b, name...), value)
}

// appendSet leaves out what says nothing.
func appendSet(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendText(b, name, value)
}

func appendUint(b []byte, name string, v uint64) []byte {
	return strconv.AppendUint(append(b, name...), v, 10)
}

func appendBool(b []byte, name string, v bool) []byte {
	return strconv.AppendBool(append(b, name...), v)
}

func appendTime(b []byte, name string, unixNano int64) []byte {
	return appendInstant(append(b, name...), time.Unix(0, unixNano))
}

func appendInstant(b []byte, t time.Time) []byte {
	return append(t.UTC().AppendFormat(append(b, '"'), timeForm), '"')
}

func appendID(b []byte, id [16]byte) []byte {
	b = append(b, "00000000000000000000000000"...)
	ulid.ULID(id).MarshalTextTo(b[len(b)-ulid.EncodedSize:]) // fails only if there is no room
	return b
}

// millis are those of a ULID, as far as there is a form for them.
func millis(id events.SessionID) int64 {
	var b [8]byte
	copy(b[2:], id[:6])
	return int64(min(binary.BigEndian.Uint64(b[:]), lastMilli))
}

// appendSequence writes 20 digits, so that sequences order as text, too.
func appendSequence(b []byte, seq events.Seq) []byte { return appendDigits(b, uint64(seq), 20) }

func appendDigits(b []byte, v uint64, n int) []byte {
	var digits [20]byte
	for i := range n {
		digits[n-1-i] = '0' + byte(v%10)
		v /= 10
	}
	return append(b, digits[:n]...)
}

// appendString writes a JSON string: what is not UTF-8 becomes U+FFFD, and U+2028 and
// U+2029 are escaped, as by encoding/json, since JavaScript had them end a line.
func appendString(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c < utf8.RuneSelf {
			if c >= ' ' && c != '"' && c != '\\' {
				i++
				continue
			}
			b = appendEscaped(append(b, s[start:i]...), c)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			b = append(append(b, s[start:i]...), `\ufffd`...)
			start = i + size
		case r == '\u2028' || r == '\u2029':
			b = append(append(b, s[start:i]...), `\u202`...)
			b = append(b, '0'+byte(r&15))
			start = i + size
		}
		i += size
	}
	return append(append(b, s[start:]...), '"')
}

// appendEscaped writes a character of ASCII that can't be in a string as it is.
func appendEscaped(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\b':
		return append(b, `\b`...)
	case '\f':
		return append(b, `\f`...)
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	return hex.AppendEncode(append(b, `\u00`...), []byte{c})
}

// appendAddress writes as much of an address as may be told. One that is none is told
// whole or not at all.
func (o *Options) appendAddress(b []byte, address string) []byte {
	const name = `,"address":`
	switch {
	case o.Addresses == FullAddresses:
		return appendSet(b, name, address)
	case o.Addresses == NoAddresses, address == "":
		return b
	}
	network, ok := NetworkOf(address)
	if !ok {
		return b
	}
	b = append(b, name...)
	return append(network.AppendTo(append(b, '"')), '"')
}

// appendNetwork is appendAddress for a network that was banned.
func (o *Options) appendNetwork(b []byte, network string) []byte {
	const name = `,"network":`
	switch {
	case o.Addresses == FullAddresses:
		return appendSet(b, name, network)
	case o.Addresses == NoAddresses:
		return b
	}
	wide, ok := Widened(network)
	if !ok {
		return b
	}
	b = append(b, name...)
	return append(wide.AppendTo(append(b, '"')), '"')
}

// DurationMillis is the duration_ms of an event: for how long its session had lasted, 0 if
// the clocks of two connectors say less. ok is false if it is of no session.
func DurationMillis(st *events.Stored) (ms int64, ok bool) {
	if st.Session.IsZero() || TypeOf(st.Event.Kind()).last() == nil {
		return 0, false
	}
	return max(st.Time/int64(time.Millisecond)-millis(st.Session), 0), true
}

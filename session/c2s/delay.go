package c2s

import (
	"bytes"
	"time"

	"rollcall/session/stanza"
)

// Delayed delivery: XEP-0203, with times as XEP-0082 has them.

// appendDelay puts a delay element at the end of a complete stanza (XEP-0203).
func appendDelay(b []byte, from string, at time.Time) []byte {
	delay := append([]byte(nil), "<delay xmlns='"+stanza.NSDelay+"'"...)
	delay = stanza.AppendAttr(delay, "from", from)
	delay = stanza.AppendAttr(delay, "stamp", at.UTC().Format("2006-01-02T15:04:05.000Z"))
	delay = append(delay, "/>"...)
	if open, ok := bytes.CutSuffix(b, []byte("/>")); ok {
		name, _, _ := bytes.Cut(open[1:], []byte(" "))
		end := append(append([]byte("</"), name...), '>')
		return append(append(append(open, '>'), delay...), end...)
	}
	i := bytes.LastIndex(b, []byte("</"))
	end := append([]byte(nil), b[i:]...)
	return append(append(b[:i], delay...), end...)
}

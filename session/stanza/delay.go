package stanza

import (
	"bytes"
	"time"
)

// AppendDelay adds, at the end of the complete stanza in b, when it was first
// sent and who says so (XEP-0203, with a time as XEP-0082 has it, in
// milliseconds).
func AppendDelay(b []byte, from string, at time.Time) []byte {
	delay := append([]byte(nil), "<delay xmlns='"+NSDelay+"'"...)
	delay = AppendAttr(delay, "from", from)
	delay = AppendAttr(delay, "stamp", at.UTC().Format("2006-01-02T15:04:05.000Z"))
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

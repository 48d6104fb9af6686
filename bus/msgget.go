package bus

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"time"
)

// plainMessage reads the answer to STREAM.MSG.GET in the form in which servers
// write it. Package json would cost more than all the rest of a lookup, and
// each login makes two. It reports false for any other form, errors among them.
func plainMessage(b []byte) (*message, bool) {
	_, b, ok := bytes.Cut(b, []byte(`"message":{"subject":"`))
	if !ok || bytes.IndexByte(b, '\\') >= 0 {
		return nil, false
	}
	var m message
	subject, b, ok := bytes.Cut(b, []byte(`","seq":`))
	if !ok {
		return nil, false
	}
	m.Subject = string(subject)
	number, b, ok := bytes.Cut(b, []byte(`,`))
	seq, err := strconv.ParseUint(string(number), 10, 64)
	if !ok || err != nil {
		return nil, false
	}
	m.Seq = seq
	for _, field := range []struct {
		key  string
		into *[]byte
	}{{`"hdrs":"`, &m.Head}, {`"data":"`, &m.Data}} {
		if b, ok = cutBase64(b, field.key, field.into); !ok {
			return nil, false
		}
	}
	b, ok = bytes.CutPrefix(b, []byte(`"time":"`))
	at, end, closed := bytes.Cut(b, []byte(`"`))
	if m.Time, err = time.Parse(time.RFC3339Nano, string(at)); !ok || !closed || err != nil {
		return nil, false
	}
	return &m, string(end) == "}}"
}

// cutBase64 reads a field and the comma after it, if it is there.
func cutBase64(b []byte, key string, into *[]byte) (rest []byte, ok bool) {
	value, found := bytes.CutPrefix(b, []byte(key))
	if !found {
		return b, true
	}
	text, rest, ok := bytes.Cut(value, []byte(`",`))
	if !ok {
		return nil, false
	}
	decoded, err := base64.StdEncoding.AppendDecode(nil, text)
	*into = decoded
	return rest, err == nil
}

package web

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strings"
	"sync"
)

// minCompressed is how long a page is, in bytes, that is worth compressing.
const minCompressed = 1 << 10

var compressors = sync.Pool{New: func() any { return gzip.NewWriter(nil) }}

// compressed is a text as gzip writes it.
func compressed(text []byte) []byte {
	z := compressors.Get().(*gzip.Writer)
	defer compressors.Put(z)
	var b bytes.Buffer
	z.Reset(&b)
	z.Write(text) // to memory, which does not fail
	z.Close()
	return b.Bytes()
}

// encode is a text in the form that the browser takes, with the headers that say so. Pages
// have no secret beside what others may put there: the token is in a header alone, and
// forms have none. So that their length tells nobody anything (BREACH).
func encode(w http.ResponseWriter, r *http.Request, text []byte) []byte {
	w.Header().Add("Vary", "Accept-Encoding")
	if len(text) < minCompressed || !takesGzip(r) {
		return text
	}
	w.Header().Set("Content-Encoding", "gzip")
	return compressed(text)
}

// takesGzip reports a browser that takes gzip (RFC 9110, 12.5.3).
func takesGzip(r *http.Request) bool {
	for one := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(one, ";")
		if strings.TrimSpace(name) == "gzip" {
			return strings.Trim(strings.TrimSpace(weight), "q=0.") != "" || weight == ""
		}
	}
	return false
}

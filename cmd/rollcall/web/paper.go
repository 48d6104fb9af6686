package web

import (
	"bytes"
	"net/http"
	"time"
)

// readerTimeout is how long a browser may take for an answer that was made.
const readerTimeout = 30 * time.Second

// A paper is an answer that is made in memory, to be sent when it is whole: a browser that
// takes nothing of it holds up nobody else.
type paper struct {
	to     http.ResponseWriter
	status int
	body   bytes.Buffer
}

// Header implements http.ResponseWriter.
func (p *paper) Header() http.Header { return p.to.Header() }

// WriteHeader implements http.ResponseWriter.
func (p *paper) WriteHeader(status int) {
	if p.status == 0 {
		p.status = status
	}
}

// Write implements http.ResponseWriter.
func (p *paper) Write(b []byte) (int, error) {
	p.WriteHeader(http.StatusOK)
	return p.body.Write(b)
}

// send writes the answer, and leaves its deadline to what the server flushes after that.
func (p *paper) send() {
	http.NewResponseController(p.to).SetWriteDeadline(time.Now().Add(readerTimeout)) // fails only where there is no connection
	if p.status != 0 {
		p.to.WriteHeader(p.status)
	}
	p.to.Write(p.body.Bytes())
}

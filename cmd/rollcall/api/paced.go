package api

import (
	"net/http"
	"time"
)

// readerTimeout is how long a reader may take for the data that were sent before more
// are.
const readerTimeout = 30 * time.Second

// A paced writer gives a reader so long for the data that are written. In between there is
// no limit: HTTP/2 would take an answer that takes its time for a reader that is gone.
type paced struct {
	http.ResponseWriter
	control *http.ResponseController
}

func newPaced(w http.ResponseWriter) *paced { return &paced{w, http.NewResponseController(w)} }

// limit begins the time for the next write.
func (p *paced) limit() { p.control.SetWriteDeadline(time.Now().Add(readerTimeout)) }

func (p *paced) unlimit() { p.control.SetWriteDeadline(time.Time{}) }

func (p *paced) Write(b []byte) (int, error) {
	p.limit()
	defer p.unlimit()
	return p.ResponseWriter.Write(b)
}

// FlushError is for http.ResponseController.
func (p *paced) FlushError() error {
	p.limit()
	defer p.unlimit()
	return p.control.Flush()
}

// Unwrap is for http.ResponseController.
func (p *paced) Unwrap() http.ResponseWriter { return p.ResponseWriter }

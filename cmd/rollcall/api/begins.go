package api

import (
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
)

// A beginning is where a log begins that has forgotten what happened before. An answer has
// one, and not null, if the question reaches further back: it may lack what was there once.
type beginning struct {
	Seq events.Seq `json:"seq"`
	At  string     `json:"at"` // when that was stored; null if the log has nothing left
}

// beginningOf is where a log begins, for a question about the records after a sequence
// and since a time; nil if the log has all of that.
func beginningOf(log events.Info, after events.Seq, since time.Time) *beginning {
	switch {
	case after+1 >= log.First, log.Records > 0 && !since.Before(log.FirstAt):
		return nil
	case log.Records == 0:
		return &beginning{Seq: log.First}
	}
	return &beginning{log.First, query.Timestamp(log.FirstAt.UnixNano())}
}

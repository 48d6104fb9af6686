package api

import (
	"context"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// feedsEvery is how old what is told of feeds may be.
const feedsEvery = time.Second

// feeds answers with the feeds that other programs read, and how far each is. It tells of
// nobody: the names are those of programs.
func (h *History) feeds(q *question) error {
	if err := q.own(); err != nil {
		return err
	}
	f, err := q.server.fed.get(q.r.Context(), func(ctx context.Context) (ask.Feeds, error) {
		return ask.FeedsOf(ctx, h.Archive.Log, h.Public)
	})
	if err != nil {
		return err
	}
	return q.give(f)
}

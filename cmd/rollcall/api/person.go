package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/person"
	"github.com/rollcall-xmpp/rollcall/events"
)

// holdEvery is how often it is looked whether the token of a long answer is still good,
// where no loop comes by.
const holdEvery = time.Second

// person answers with everything known of one account, as a zip. An answer that is cut off
// is no zip.
func (h *History) person(q *question) error {
	if err := only(q.r.URL.Query(), []string{"min_seq"}); err != nil {
		return err
	}
	if err := h.record(q, nil); err != nil {
		return err
	}
	ctx, cancel := h.whileHeld(q)
	defer cancel()
	all := person.Known{
		Archive: h.Archive, Pre: h.Pre, Names: h.Names, Keys: h.Keys, Rosters: h.Rosters, Audit: h.Audit,
		Writing: func(string) { q.begun = true },
	}
	header := q.w.Header()
	header.Set("Content-Type", "application/zip")
	header.Set("Content-Disposition", `attachment; filename="`+fileName(q.about)+`"`)
	err := all.Write(ctx, held{q.w, func() bool { return h.Guard.Holds(q.by) }}, q.about)
	switch {
	case q.begun && err != nil:
		panic(http.ErrAbortHandler) // or what was written would look like the whole answer
	case errors.Is(err, person.ErrUnknown):
		header.Del("Content-Disposition")
		return Problem{Status: http.StatusNotFound, Detail: err.Error()}
	}
	return err
}

// fileName is that of an account's zip. Characters that may mean something to a file
// system or in a header are left out of it.
func fileName(account events.JID) string {
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) || strings.ContainsRune(".-_@", r) {
			return r
		}
		return '_'
	}, account.String()), ".-") + ".zip"
}

// whileHeld ends with the request, or when its token is good for nothing any longer.
func (h *History) whileHeld(q *question) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(q.r.Context())
	go func() { // ends with ctx
		tick := time.NewTicker(holdEvery)
		defer tick.Stop()
		for h.holds(q) {
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
		cancel()
	}()
	return ctx, cancel
}

// A held writer writes for as long as the token of whoever reads is good.
type held struct {
	io.Writer
	holds func() bool
}

func (w held) Write(b []byte) (int, error) {
	if !w.holds() {
		return 0, access.ErrInvalid
	}
	return w.Writer.Write(b)
}

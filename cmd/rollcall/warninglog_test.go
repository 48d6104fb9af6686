package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A deafLog takes no events.
type deafLog struct {
	events.Log
	why error
}

func (d deafLog) Append(context.Context, *events.Record) (events.Position, error) {
	return events.Position{}, d.why
}

func TestTheOperatorIsToldOnceOfWhatTheLogDoesNotTake(t *testing.T) {
	t.Parallel()
	for why, lines := range map[error]int{
		events.ErrFull: 1, events.ErrUnresolved: 1, events.ErrUnavailable: 1,
		fmt.Errorf("another was first: %w", events.ErrConflict): 0,
	} {
		var out bytes.Buffer
		log := warningLog{deafLog{why: why}, newLogger(&out, false)}
		for range 3 {
			if _, err := log.Append(t.Context(), nil); !errors.Is(err, why) {
				t.Errorf("%v became %v", why, err)
			}
		}
		if got := strings.Count(out.String(), "\n"); got != lines {
			t.Errorf("%v: %d lines:\n%s", why, got, out.String())
		}
	}
}

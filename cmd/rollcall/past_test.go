package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// After an upgrade all keyframes may be of another format.
func TestOfManyKeyframesThatAreNoGoodAFewAreNamed(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	passed := tellPassed(newConsole(nil, nil, &said))
	for seq := range events.Seq(500) {
		passed(events.Keyframe{Seq: seq}, events.ErrDamaged)
	}
	lines := strings.Split(strings.TrimSpace(said.String()), "\n")
	if len(lines) != maxPassed+1 || !strings.HasPrefix(lines[0], "note: the keyframe after record 0, ") ||
		lines[maxPassed] != "note: more are passed over; a running projector writes them anew" {
		t.Errorf("%q", lines)
	}
}

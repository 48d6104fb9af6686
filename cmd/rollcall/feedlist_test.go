package main

import (
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
)

func TestAFeedWasNeverActiveOnlyIfItHasSentNothing(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 8, 27, 12, 0, time.UTC)
	con := &console{zone: time.UTC}
	for want, f := range map[string]bus.Feed{
		"never":    {Acked: 41, From: 42}, // where a feed of new events begins
		"-":        {Sent: true, Acked: 44300},
		"08:26:12": {Sent: true, Active: now.Add(-time.Minute)},
	} {
		if got := con.activeText(&f, now); got != want {
			t.Errorf("%+v was active %q, want %q", f, got, want)
		}
	}
}

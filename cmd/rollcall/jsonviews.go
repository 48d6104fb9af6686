package main

import (
	"time"

	"github.com/rollcall-xmpp/rollcall/projector/query"
)

// The parts that views of many types have in common. Every value has a key: one that is
// absent is null, and a list of none is empty.

// A removedView is something that a verb has removed, as scripts see it.
type removedView struct {
	Name    string `json:"name"`
	Removed bool   `json:"removed"` // always
}

// orNull is null for a text that was not said.
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// timestampOrNull is null for the zero time.
func timestampOrNull(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(query.Timestamp(t.UnixNano()))
}

func unlessZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

package api

import (
	"context"
	"net/http"
	"time"
)

// recentTimeout is how long an answer that is kept for a while may take to come.
const recentTimeout = 5 * time.Second

// A recent keeps an answer that NATS has work with, for pages that ask again and again.
// It is safe for concurrent use.
type recent[V any] struct {
	every time.Duration // how old an answer may be
	turn  chan struct{} // of the one that asks; guards the others
	at    time.Time     // of the answer; zero: there was none yet
	value V
}

func newRecent[V any](every time.Duration) *recent[V] {
	return &recent[V]{every: every, turn: make(chan struct{}, 1)}
}

// get is the newest answer, which is too old only if there can be no other one. One question
// at a time asks, and the others wait for it.
func (l *recent[V]) get(ctx context.Context, ask func(context.Context) (V, error)) (v V, err error) {
	ctx, cancel := context.WithTimeout(ctx, recentTimeout)
	defer cancel()
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return v, Problem{Status: http.StatusServiceUnavailable, Detail: "NATS has not answered yet; try again"}
	}
	if !l.at.IsZero() && time.Since(l.at) < l.every {
		return l.value, nil
	}
	switch v, err := ask(ctx); {
	case err == nil:
		l.value, l.at = v, time.Now()
	case l.at.IsZero():
		return v, err
	}
	return l.value, nil
}

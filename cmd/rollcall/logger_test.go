package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
)

func TestTheLogSaysAnErrorOnceAMinuteAndAfterNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		log := newLogger(&out, false)
		for range 100 { // 200 seconds
			log.Warn("no lease yet", "error", errors.New("not connected"))
			log.Info("not for an operator who did not ask")
			time.Sleep(2 * time.Second)
		}
		for range 2 {
			log.Warn("NATS is back")
			log.Warn("no lease yet", "error", errors.New("not connected"))
		}
		if lines := strings.Count(out.String(), "\n"); lines != 4+2*2 {
			t.Errorf("%d lines:\n%s", lines, out.String())
		}
	})
}

func TestAnErrorSaysNothingTwice(t *testing.T) {
	t.Parallel()
	down := errors.New("the log can't be reached")
	err := fmt.Errorf("acquire lease: %w", fmt.Errorf("%w: %w: not connected", down, down))
	if got := oneLine(err); got != "acquire lease: the log can't be reached: not connected" {
		t.Error(got)
	}
	err = fmt.Errorf("parcel: %w: %w", down, nats.ErrReconnectBufExceeded)
	if got := oneLine(err); got != "parcel: the log can't be reached: not connected" {
		t.Error(got)
	}
	var out bytes.Buffer
	newLogger(&out, false).Warn("no lease yet", "err", errors.Join(down, errors.New("and more")))
	if !strings.Contains(out.String(), `error="the log can't be reached; and more"`) {
		t.Error(out.String())
	}
}

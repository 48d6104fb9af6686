package natsd

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// starting is a server that begins to recover a stream and is done with it after
// some time; whoever starts it waits for a day at most. It returns what is logged
// meanwhile.
func starting(t *testing.T, takes time.Duration) (said string, err error) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		s := &Server{log: newLogger(slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelWarn}))), started: make(chan struct{})}
		for _, stream := range []string{"RC_EV", "RC_PRE"} {
			s.log.Noticef("  Starting restore for stream '%s > %s'", "$G", stream)
		}
		s.log.Noticef("  Restored %s messages for stream '%s > %s' in %v", "1,000", "$G", "RC_PRE", time.Second)
		end := time.AfterFunc(takes, func() { close(s.started) })
		defer end.Stop()
		ctx, cancel := context.WithTimeout(context.Background(), 24*time.Hour)
		defer cancel()
		err = s.awaitStart(ctx)
		said = out.String()
	})
	return said, err
}

func TestAStartThatTakesLongSaysWhatItDoesAndGoesOn(t *testing.T) {
	t.Parallel()
	said, err := starting(t, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(said, "\n")
	if !strings.Contains(first, "recovering the streams") || !strings.Contains(first, "streams=RC_EV for=1s") {
		t.Errorf("the first line is %s", first)
	}
	if n := strings.Count(said, "\n"); n != 1200 {
		t.Errorf("%d lines in an hour", n)
	}
}

func TestAStartThatIsQuickSaysNothing(t *testing.T) {
	t.Parallel()
	if said, err := starting(t, 900*time.Millisecond); said != "" || err != nil {
		t.Errorf("%q, %v", said, err)
	}
}

func TestAStartThatIsNoLongerWantedEnds(t *testing.T) {
	t.Parallel()
	if _, err := starting(t, 48*time.Hour); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("it ended with %v", err)
	}
}

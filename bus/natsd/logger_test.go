package natsd

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// written is what a logger passes on, without times.
func written(say func(*logger)) string {
	var out bytes.Buffer
	opts := slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}}
	say(newLogger(slog.New(slog.NewTextHandler(&out, &opts))))
	return out.String()
}

func TestWhatTheServerSaysIsPutInOurWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"Filestore [RC_EV] Critical write error: write /d/2.blk: no space left on device":                 diskFull,
		"JetStream stream '$G > RC_EV' critical write error: write /d/2.blk: disk quota exceeded":         diskFull,
		"Filestore [RC_EV] Critical write error: write /d/2.blk: input/output error":                      diskFails,
		"JetStream failed to store a msg on stream '$G > S': no message cache":                            notStored,
		"Filesystem permission denied while writing msg, disabling JetStream: open /d: permission denied": "NATS may not write",
		"Filestore [RC_EV] Stream state detected prior state, could not locate msg block 2":               "a part of a stream is gone",
		"  Stream metafile \"/d/meta.inf\": checksums do not match \"96\" vs \"9f\"":                      settingsGone,
		"  Missing stream checksum file \"/d/meta.sum\"":                                                  settingsGone,
		"Filestore [RC_EV] WriteFullState took 12.3s (110 bytes)":                                         "the disk is slow",
		"Internal subscription on \"$JS.API.INFO\" took too long: 2.1s":                                   "NATS is slow",
		"127.0.0.1:4711 - cid:7 - Slow Consumer Detected: WriteDeadline of 10s exceeded":                  "takes too little",
		"127.0.0.1:4711 - cid:7 - authentication error - Token \"[REDACTED]\"":                            notLetIn,
		"something that was not foreseen":                                                                 "the embedded NATS has trouble",
	} {
		got := written(func(l *logger) { l.Errorf("%s", text) })
		if !strings.Contains(got, want) || !strings.Contains(got, "error=") || strings.Contains(got, "level=INFO") {
			t.Errorf("%s becomes %s", text, got)
		}
	}
}

func TestThatARestartAfterAKillReadsTheRecordsIsOrdinary(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"Filestore [RC_EV] Stream state outdated, last block has additional entries, will rebuild",
		"Filestore [RC_EV] Recovering stream state from index errored: prior state file",
		"Filestore [RC_LEASE] TTL state is outdated; attempting to recover using linear scan (seq 3 to 9)",
	} {
		if got := written(func(l *logger) { l.Warnf("%s", text) }); !strings.HasPrefix(got, "level=INFO") {
			t.Errorf("%s becomes %s", text, got)
		}
	}
}

func TestALineIsPassedOnOnceAMinute(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		got := written(func(l *logger) {
			l.Warnf("odd")
			l.Warnf("odd")
			l.Errorf("write %s: no space left on device", "1.blk")
			l.Errorf("write %s: no space left on device", "2.blk")
			time.Sleep(time.Minute)
			l.Warnf("odd")
		})
		if n := strings.Count(got, "\n"); n != 3 || strings.Contains(got, "2.blk") {
			t.Errorf("%d lines:\n%s", n, got)
		}
	})
}

func TestDifferentLinesAreBoundedToo(t *testing.T) {
	t.Parallel()
	got := written(func(l *logger) {
		for i := range 10 * maxLines {
			l.Errorf("127.0.0.1:%d - parser error", i)
		}
	})
	if n := strings.Count(got, "\n"); n != maxLines {
		t.Errorf("%d lines", n)
	}
}

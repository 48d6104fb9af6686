package natsd

import (
	"log/slog"
	"strings"
)

// A meaning is what a line of the server comes to for the operator.
type meaning struct {
	in    string // the line contains it
	level slog.Level
	msg   string
	each  bool // the message says too little to stand for all its lines
	full  bool // there is no room on the disk
}

// The lines whose meaning is known, of nats-server 2.15. The first that fits
// counts. Lines of level info are ordinary: a server that was killed finds its
// index outdated, and reads the records instead.
var meanings = []meaning{
	{in: "sync failed, stream", level: slog.LevelError, msg: diskFails}, // this package's own
	{in: "no space left on device", level: slog.LevelError, msg: diskFull, full: true},
	{in: "disk quota exceeded", level: slog.LevelError, msg: diskFull, full: true},
	{in: "] critical write error", level: slog.LevelError, msg: diskFails}, // of a stream's store, which ends it
	{in: "failed to store a msg", level: slog.LevelError, msg: notStored},
	{in: "critical write error", level: slog.LevelError, msg: notStored},
	{in: "permission denied", level: slog.LevelError, msg: "NATS may not write its directory and has stopped storing; mend its permissions and start again"},
	{in: "could not locate msg block", level: slog.LevelWarn, msg: "a part of a stream is gone from the disk", each: true},
	{in: "stream metafile", level: slog.LevelWarn, msg: settingsGone, each: true},
	{in: "stream checksum file", level: slog.LevelWarn, msg: settingsGone, each: true},
	{in: "stream state", level: slog.LevelInfo, msg: ordinary},
	{in: "state from index errored", level: slog.LevelInfo, msg: ordinary},
	{in: "state is outdated", level: slog.LevelInfo, msg: ordinary},
	{in: "authentication error", level: slog.LevelWarn, msg: notLetIn},
	{in: "took too long", level: slog.LevelWarn, msg: "NATS is slow: the disk or the machine is busy"},
	{in: " took ", level: slog.LevelWarn, msg: "the disk is slow"},
	{in: "filestore [", level: slog.LevelWarn, msg: "a stream's files are not as expected", each: true},
	{in: "slow consumer", level: slog.LevelWarn, msg: "a connection to NATS takes too little", each: true},
}

const (
	ordinary     = "NATS"
	diskFull     = "the disk is full: nothing is stored until there is room, and then the streams are opened again"
	diskFails    = "the disk fails: nothing is stored until it is mended and this process started again"
	notStored    = "a stream could not store a message"
	notLetIn     = "somebody without the key of the embedded NATS was not let in; a connector of an older version has none"
	settingsGone = "a stream's settings are damaged; its records are still there when it is made again, with default limits"
)

func meaningOf(level slog.Level, text string) meaning {
	if level <= slog.LevelInfo {
		return meaning{level: level, msg: ordinary}
	}
	text = strings.ToLower(text)
	for _, m := range meanings {
		if strings.Contains(text, m.in) {
			return m
		}
	}
	return meaning{level: level, msg: "the embedded NATS has trouble", each: true}
}

// key is the text that a line counts under: one with the same key was passed on
// already.
func (m *meaning) key(text string) string {
	if m.each {
		return text
	}
	return m.msg
}

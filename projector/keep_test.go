package projector

import (
	"strings"
	"testing"
	"unsafe"
)

// The table must not keep the message that a text came in, and few copies of
// what thousands of clients send alike.
func TestTextsAreTheTablesOwnAndSharedAmongSessions(t *testing.T) {
	k := newKeeper()
	message := strings.Repeat("x", 100)
	a, b := k.text(message[:50]), k.text(message[50:])
	switch {
	case a != message[:50]:
		t.Error("the text was changed")
	case unsafe.StringData(a) == unsafe.StringData(message):
		t.Error("the text still refers to the message")
	case unsafe.StringData(a) != unsafe.StringData(b):
		t.Error("two equal texts are kept twice")
	}
	long := strings.Repeat("y", keeperText)
	if k.text(long) != long {
		t.Error("a long text was changed")
	}
	if n := testing.AllocsPerRun(100, func() { k.text(message[:50]) }); n != 0 {
		t.Errorf("a text that was met before costs %v allocations", n)
	}
}

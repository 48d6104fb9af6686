package filter

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// golden reads the frozen records of package events, by the names of their files.
func golden(t testing.TB) map[string]*events.Stored {
	t.Helper()
	files, err := filepath.Glob("../../events/testdata/golden/*.txt")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d golden records, %v", len(files), err)
	}
	all := make(map[string]*events.Stored)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, dump, _ := strings.Cut(string(text), "\n\n")
		data, err := hex.DecodeString(strings.ReplaceAll(dump, "\n", ""))
		if err != nil {
			t.Fatal(err)
		}
		st := &events.Stored{Stream: "RC_EV", Seq: 7, At: 1_767_323_045_678_912_345}
		if err := st.Decode(data); err != nil {
			t.Fatal(err)
		}
		if public.TypeOf(st.Event.Kind()).Class == public.Connection {
			st.Stream = "RC_PRE"
		}
		all[strings.TrimSuffix(filepath.Base(file), ".txt")] = st
	}
	return all
}

func parsed(t testing.TB, text string) *Filter {
	t.Helper()
	f, err := Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return f
}

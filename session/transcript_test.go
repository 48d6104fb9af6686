package session_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the transcripts of testdata anew")

// TestTranscripts plays testdata/*.txt: blocks of commands, then ---- and what
// came of them. Each event is shown as it would be stored, and at the end of a
// block, after =, the account, best session first; * marks those that a message
// to the bare JID goes to.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no transcripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := replayTranscript(t, string(data))
			if *update {
				err = os.WriteFile(file, []byte(got), 0o644)
			}
			if err != nil {
				t.Fatal(err)
			}
			if !*update && got != string(data) {
				t.Errorf("%s differs; what is now (go test -update writes it):\n%s", file, got)
			}
		})
	}
}

// replayTranscript returns the transcript with the outcomes that it has now.
func replayTranscript(t *testing.T, text string) string {
	var out strings.Builder
	p := newPlayer(t)
	for i, block := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			out.WriteString("\n")
		}
		input, _, found := strings.Cut(block+"\n", "----\n")
		out.WriteString(input)
		if !found {
			continue
		}
		out.WriteString("----\n")
		for line := range strings.Lines(input) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				out.WriteString(p.play(line))
			}
		}
		out.WriteString(p.show())
	}
	return out.String()
}

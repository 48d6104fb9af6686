package bench

import (
	"strings"
	"testing"
)

// small is a bench that takes no time.
func small() *Bench {
	return &Bench{Accounts: 20, Events: 5000, Appends: 200, Writers: 50, Rounds: 1, Moments: 1, Sessions: []int{100, 200}}
}

func TestEveryMeasurementIsARow(t *testing.T) {
	t.Parallel()
	b := small()
	b.Data = t.TempDir()
	var rows, said []string
	b.Row = func(cells ...string) error {
		rows = append(rows, strings.Join(cells, "|"))
		return nil
	}
	b.Say = func(format string, _ ...any) { said = append(said, format) }
	if err := b.Run(t.Context(), []string{"append", "fold", "memory", "keyframe"}); err != nil {
		t.Fatal(err)
	}
	if len(said) != 1 {
		t.Errorf("it said %q", said)
	}
	for i, want := range []string{"append a transition", "decide, append, project", "fold a stored log", "table with 100 sessions", "table with 200 sessions",
		"keyframe of 100 sessions: encode", "keyframe of 100 sessions: store", "keyframe of 100 sessions: read and decode"} {
		if i >= len(rows) || !strings.HasPrefix(rows[i], want) {
			t.Fatalf("got %q", rows)
		}
		if i < 3 && strings.Count(rows[i], "/s|") != 2 || strings.Contains(rows[i], "|0/s") {
			t.Errorf("it measured nothing: %s", rows[i])
		}
	}
}

func TestABenchWithoutNumbersIsRefused(t *testing.T) {
	t.Parallel()
	if err := small().Validate(); err != nil {
		t.Error(err)
	}
	for name, spoil := range map[string]func(*Bench){
		"no accounts":     func(b *Bench) { b.Accounts = 0 },
		"a table of none": func(b *Bench) { b.Sessions[1] = 0 },
		"too many":        func(b *Bench) { b.Events = maxNumber + 1 },
	} {
		b := small()
		spoil(b)
		if b.Run(t.Context(), nil) == nil {
			t.Errorf("%s: it ran", name)
		}
	}
}

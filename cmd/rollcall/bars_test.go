package main

import (
	"bytes"
	"testing"
)

func TestBarsAndCurvesAreInProportion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		n, most float64
		want    string
	}{
		{24, 24, "████████████████████████"}, {1, 24, "█"}, {0.5, 24, "▌"}, {0.001, 24, "▏"}, {0, 24, ""}, {0, 0, ""},
	} {
		if got := bar(c.n, c.most); got != c.want {
			t.Errorf("%g of %g: %q, want %q", c.n, c.most, got, c.want)
		}
	}
	for _, c := range []struct {
		numbers []float64
		room    int
		want    string
	}{
		{[]float64{0, 1, 4, 8}, 60, "·▁▄█"}, {[]float64{1, 8, 2, 2, 0}, 3, "█▂·"}, {nil, 60, ""}, {[]float64{0}, 60, "·"},
	} {
		if got := spark(c.numbers, c.room); got != c.want {
			t.Errorf("%v in %d: %q, want %q", c.numbers, c.room, got, c.want)
		}
	}
	if got := newConsole(nil, &bytes.Buffer{}, nil).sparkRoom(); got != sparkWidth {
		t.Errorf("where nobody reads along there is room for %d", got)
	}
}

func TestADurationIsToldByItsGreatestUnits(t *testing.T) {
	t.Parallel()
	for ms, want := range map[int64]string{
		0: "0s", 82: "82ms", 1234: "1.2s", 60_000: "1m", 61_000: "1m1s", 870_000: "14m30s", 3_600_000: "1h", 5_400_000: "1h30m", 86_340_000: "23h59m",
		86_400_000: "1d", 90_000_000: "1d1h", 28 * 86_400_000: "28d",
	} {
		if got := briefly(ms); got != want {
			t.Errorf("%d ms: %q, want %q", ms, got, want)
		}
	}
}

package web

import "testing"

// Whoever zooms into a span wants to see what is in it, and of much the newest.
func TestZoomingInLeadsToWhatThereIs(t *testing.T) {
	t.Parallel()
	week := pageSpan{span: minutes(0, 7*1440)}
	for _, c := range []struct {
		name string
		busy []span
		want span
	}{
		{"two visits", []span{minutes(9000, 9010), minutes(9090, 9100)}, minutes(8990, 9110)},
		{"one that began before and goes on", []span{minutes(-10, 20000)}, minutes(5292, 10332)},
		{"the beginning and the end", []span{minutes(10, 20), minutes(8990, 9000)}, minutes(4212, 9252)},
		{"nothing", nil, minutes(5040, 10080)},
	} {
		if got := week.closer(c.busy); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

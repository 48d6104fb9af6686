package public

import "testing"

func TestOfAnAgentTheSoftwareIsLeft(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Gajim 1.9.3, laptop, 4711":       "Gajim 1",
		"Conversations, Pixel, 4711":      "Conversations",
		"Psi+ 1.5.2079 (2024), desk, 1":   "Psi+ 1",
		"Anna's laptop, 4711":             "",
		"Gajim 1.9.3":                     "",
		"":                                "",
		"Swift 5, the desk, upstairs, 12": "Swift 5",
	} {
		if got := Software(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

package web

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// Clients that notice a dead connector before the others do have replaced their sessions when
// its loss is written. What it did is not told without them.
func TestWhatALossChangedBeginsBeforeItWasNoticed(t *testing.T) {
	t.Parallel()
	e := event{RecordedTime: time.Date(2026, 1, 2, 3, 4, 30, 0, time.UTC)}
	asked, err := url.ParseQuery(strings.TrimPrefix(e.Around(), "/time?"))
	if err != nil || asked.Get("from") != "2026-01-02T03:04:00Z" || asked.Get("to") != "2026-01-02T03:05:00Z" {
		t.Errorf("%s: %v", e.Around(), err)
	}
}

package web_test

import (
	"strings"
	"testing"
)

func TestAFigureThatThereIsNotIsNoOther(t *testing.T) {
	t.Parallel()
	got := newWorld(t).reader().get("/analytics?figure=active")
	if got.status != 404 || !strings.Contains(got.body, "the figures are concurrency, logins, ends") {
		t.Errorf("%d %s", got.status, got.body)
	}
}

package auth

import (
	"strconv"
	"strings"
	"testing"
	"time"
)

// A clock is set by its test.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func newThrottle(cfg ThrottleConfig) (*Throttle, *clock) {
	c := &clock{at: time.Unix(1000, 0)}
	return NewThrottle(cfg, c.now), c
}

func TestTheWaitDoublesWithEachFailure(t *testing.T) {
	t.Parallel()
	th, c := newThrottle(ThrottleConfig{Free: 2, Base: time.Second, Max: 6 * time.Second})
	for i, want := range []time.Duration{0, 0, 1, 2, 4, 6, 6} {
		if wait, ok := th.Allow("a"); !ok || wait != 0 {
			t.Fatalf("before failure %d: wait %v", i+1, wait)
		}
		th.Failed("a")
		wait, ok := th.Allow("a")
		if wait != want*time.Second || ok != (want == 0) {
			t.Errorf("after failure %d: wait %v %v, want %v", i+1, wait, ok, want*time.Second)
		}
		c.at = c.at.Add(wait)
	}
}

func TestKeysWaitForThemselvesOnly(t *testing.T) {
	t.Parallel()
	th, _ := newThrottle(ThrottleConfig{Free: 1})
	th.Failed("a")
	th.Failed("a")
	if _, ok := th.Allow("a"); ok {
		t.Error("a needn't wait")
	}
	if _, ok := th.Allow("b"); !ok {
		t.Error("b has to wait")
	}
}

func TestSuccessForgetsFailures(t *testing.T) {
	t.Parallel()
	th, _ := newThrottle(ThrottleConfig{Free: 1})
	th.Failed("a")
	th.Failed("a")
	th.Succeeded("a")
	th.Succeeded("never seen")
	if _, ok := th.Allow("a"); !ok || th.byKey.Len() != 0 {
		t.Errorf("a has to wait after it succeeded; %d keys", th.byKey.Len())
	}
}

func TestAKeyIsForgivenInTime(t *testing.T) {
	t.Parallel()
	th, c := newThrottle(ThrottleConfig{Free: 1, Base: time.Second, Max: time.Minute})
	for range 20 {
		th.Failed("a")
	}
	c.at = c.at.Add(2*time.Minute + time.Second)
	th.Failed("a")
	if wait, ok := th.Allow("a"); !ok {
		t.Errorf("a waits %v for old failures", wait)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	th, _ := newThrottle(ThrottleConfig{Free: 1, Keys: 100})
	fail := func(key string) { th.Failed(key); th.Failed(key) }
	fail("first")
	for i := range 99 {
		fail(strconv.Itoa(i))
	}
	fail("first") // is the newest again
	fail(strings.Repeat("long", 1000))
	if _, ok := th.Allow("first"); ok || th.byKey.Len() != 100 {
		t.Errorf("first was dropped, of %d keys", th.byKey.Len())
	}
	if _, ok := th.Allow("0"); !ok {
		t.Error("the key with the oldest failure was kept")
	}
}

func TestTheDefaultsBound(t *testing.T) {
	t.Parallel()
	th, _ := newThrottle(ThrottleConfig{})
	for range 1000 {
		th.Failed("a")
	}
	if wait, ok := th.Allow("a"); ok || wait != 5*time.Minute {
		t.Errorf("after 1000 failures: wait %v, want 5 minutes", wait)
	}
}

package auth

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/lru"
)

// ThrottleConfig bounds how often something may be tried.
type ThrottleConfig struct {
	// Free is how many failures in a row cost no waiting. Default 5.
	Free int
	// Base is the wait after the first failure that isn't free; it doubles
	// with each one more. Default 1 s.
	Base time.Duration
	// Max is the longest wait. After as long without a failure, counted from
	// the end of the last wait, a key is forgiven. Default 5 min.
	Max time.Duration
	// Keys is how many keys are remembered, about 150 bytes each. Beyond it
	// the one whose last failure is the oldest is dropped. Default 65,536.
	Keys int
}

// A Throttle counts failures by key, such as an address, and says how long the key
// has to wait. One attempt waits for nobody's answer, so attempts at the same
// moment are bounded by the connections that one may have. It is not for passwords:
// everybody behind an address would wait for a guesser there (package guess).
//
// It may be used by many goroutines.
type Throttle struct {
	cfg  ThrottleConfig
	now  func() time.Time
	seed maphash.Seed

	mu    sync.Mutex
	byKey lru.Cache[uint64, *failures] // guarded; the oldest failure goes first
}

// failures of one key. The key is a hash, so that a long one costs no more;
// two keys that share one share their failures.
type failures struct {
	count int
	until time.Time
}

// NewThrottle returns a throttle on the clock now. Zero fields of the
// configuration get their defaults.
func NewThrottle(cfg ThrottleConfig, now func() time.Time) *Throttle {
	if cfg.Free == 0 {
		cfg.Free = 5
	}
	if cfg.Base == 0 {
		cfg.Base = time.Second
	}
	if cfg.Max == 0 {
		cfg.Max = 5 * time.Minute
	}
	if cfg.Keys == 0 {
		cfg.Keys = 1 << 16
	}
	return &Throttle{
		cfg: cfg, now: now, seed: maphash.MakeSeed(),
		byKey: lru.Cache[uint64, *failures]{Limit: cfg.Keys},
	}
}

// Allow reports whether the key may try now, and if not, how long it has to
// wait.
func (t *Throttle) Allow(key string) (wait time.Duration, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f, ok := t.byKey.Peek(t.hash(key))
	if !ok {
		return 0, true
	}
	wait = f.until.Sub(t.now())
	return max(wait, 0), wait <= 0
}

// Failed counts a failure.
func (t *Throttle) Failed(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := t.now()
	f := t.touch(t.hash(key))
	if now.Sub(f.until) > t.cfg.Max {
		f.count = 0
	}
	f.count++
	f.until = now.Add(t.delay(f.count))
}

// Succeeded forgets the key's failures.
func (t *Throttle) Succeeded(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byKey.Remove(t.hash(key))
}

// touch returns the failures of a key, which become the newest.
func (t *Throttle) touch(key uint64) *failures {
	f, ok := t.byKey.Get(key)
	if !ok {
		f = &failures{}
		t.byKey.Put(key, f, 1)
	}
	return f
}

// delay is what count failures in a row cost.
func (t *Throttle) delay(count int) time.Duration {
	n := count - t.cfg.Free - 1
	switch {
	case n < 0:
		return 0
	case n >= 62 || t.cfg.Base > t.cfg.Max>>n:
		return t.cfg.Max
	}
	return t.cfg.Base << n
}

func (t *Throttle) hash(key string) uint64 { return maphash.String(t.seed, key) }

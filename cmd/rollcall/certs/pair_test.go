package certs

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A renewal is a pair on a clock of its own, and what it logs.
type renewal struct {
	*testing.T
	*pair
	file string
	time time.Time
	said strings.Builder
}

func newRenewal(t *testing.T) *renewal {
	t.Parallel()
	r := &renewal{T: t, file: filepath.Join(t.TempDir(), "tls.pem"), time: time.Now()}
	r.put("first.example")
	opened, err := openPair(r.file, r.file, slog.New(slog.NewTextHandler(&r.said, nil)))
	if err != nil {
		t.Fatal(err)
	}
	r.pair = opened
	r.now = func() time.Time { return r.time }
	r.looked = r.time
	return r
}

// put writes a new pair, or junk for a name without a dot.
func (r *renewal) put(name string) {
	r.Helper()
	both := []byte(name)
	if strings.Contains(name, ".") {
		var err error
		if both, err = selfSigned([]string{name}, r.time); err != nil {
			r.Fatal(err)
		}
	}
	r.time = r.time.Add(time.Millisecond)
	if err := os.WriteFile(r.file, both, 0o600); err != nil {
		r.Fatal(err)
	}
	// The clock of the file system may be too coarse to tell two writes apart.
	if err := os.Chtimes(r.file, r.time, r.time); err != nil {
		r.Fatal(err)
	}
}

// shows checks whose certificate the next client gets.
func (r *renewal) shows(name string) {
	r.Helper()
	if err := r.get().Leaf.VerifyHostname(name); err != nil {
		r.Error(err)
	}
}

func TestAChangedCertificateIsUsedWithinASecondAndNotLookedForMoreOften(t *testing.T) {
	r := newRenewal(t)
	r.put("second.example")
	r.shows("first.example")
	r.time = r.time.Add(lookEvery)
	r.shows("second.example")
}

func TestAReloadDoesNotWait(t *testing.T) {
	r := newRenewal(t)
	r.put("second.example")
	r.reload()
	r.shows("second.example")
}

func TestACertificateThatCannotBeReadLeavesTheOneBeforeInUseAndIsToldOnce(t *testing.T) {
	r := newRenewal(t)
	r.put("junk")
	for range 3 {
		r.time = r.time.Add(lookEvery)
		r.shows("first.example")
	}
	if n := strings.Count(r.said.String(), "level=WARN"); n != 1 {
		t.Errorf("%d warnings, want one:\n%s", n, r.said.String())
	}
	r.put("second.example")
	r.time = r.time.Add(lookEvery)
	r.shows("second.example")
}

package auth

import (
	"bytes"
	"errors"
	"testing"
	"time"
)

// brought are keys as another server made them: with its own count and its own salt.
func brought(t *testing.T, h hashFunc, password string, iterations int) Keys {
	t.Helper()
	k, err := deriveKeys(h, password, []byte("9270589d-ba0b-46e9-b57f-b647c10f43a7"), iterations)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKeysFromElsewhereLetInWhereTheyCan(t *testing.T) {
	t.Parallel()
	sha1, sha256 := brought(t, hashSHA1, "pencil", 10_000), brought(t, hashSHA256, "pencil", 5_000)
	for _, tt := range []struct {
		name         string
		sha256, sha1 Keys
	}{{"SHA-1", Keys{}, sha1}, {"SHA-256", sha256, Keys{}}, {"both", sha256, sha1}} {
		c, err := FromKeys(tt.sha256, tt.sha1, time.UnixMilli(1_000_000))
		if err != nil {
			t.Fatal(err)
		}
		if c, err = DecodeCredentials(c.Encode()); err != nil {
			t.Fatal(err)
		}
		for password, want := range map[string]bool{"pencil": true, "pen": false} {
			if ok, err := c.Verifies(password); ok != want || err != nil {
				t.Errorf("%s: %q is accepted: %v, %v", tt.name, password, ok, err)
			}
		}
		x := authenticator(t, stored{"user@localhost": c})
		for mechanism, works := range map[string]bool{
			"PLAIN": true, "SCRAM-SHA-256": tt.sha256.Iterations > 0, "SCRAM-SHA-1": tt.sha1.Iterations > 0,
		} {
			l := login{mechanism: mechanism, user: "user", password: "pencil"}
			if r := last(l.run(t, x.Begin("localhost", secured))); (r.Kind == Success) != works {
				t.Errorf("%s: %s gives %+v", tt.name, mechanism, r)
			}
			l.password = "pen"
			if r := last(l.run(t, x.Begin("localhost", secured))); r.Condition != NotAuthorized {
				t.Errorf("%s: %s with a wrong password gives %+v", tt.name, mechanism, r)
			}
		}
	}
}

func TestKeysThatWouldLetNobodyInAreRefused(t *testing.T) {
	t.Parallel()
	good := brought(t, hashSHA1, "pencil", 1)
	for name, change := range map[string]func(*Keys){
		"none":              func(k *Keys) { *k = Keys{} },
		"no salt":           func(k *Keys) { k.Salt = nil },
		"a long salt":       func(k *Keys) { k.Salt = bytes.Repeat([]byte("s"), maxBytes+1) },
		"no iterations":     func(k *Keys) { k.Iterations = 0 },
		"many iterations":   func(k *Keys) { k.Iterations = maxIterations + 1 },
		"a short key":       func(k *Keys) { k.StoredKey = k.StoredKey[1:] },
		"no server key":     func(k *Keys) { k.ServerKey = nil },
		"keys of a SHA-256": func(k *Keys) { *k = brought(t, hashSHA256, "pencil", 1) },
	} {
		k := good
		change(&k)
		if c, err := FromKeys(Keys{}, k, time.Now()); !errors.Is(err, ErrKeys) {
			t.Errorf("%s: %v, %v", name, c, err)
		}
	}
}

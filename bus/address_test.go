package bus

import (
	"context"
	"strings"
	"testing"
)

func TestAnAddressHasNoSecrets(t *testing.T) {
	t.Parallel()
	for urls, want := range map[string]string{
		"nats://127.0.0.1:4222":             "nats://127.0.0.1:4222",
		"127.0.0.1:4222":                    "127.0.0.1:4222",
		"nats://bob:secret@host:1, tls://h": "nats://bob:xxxxx@host:1,tls://h",
		"bob:secret@host":                   "nats://bob:xxxxx@host",
		"nats://secret@host:1":              "nats://xxxxx@host:1",
		"nats://bob:sec ret@host":           "(not a URL)",
		"nats://bob:secret@host:port":       "(not a URL)",
		"":                                  "",
	} {
		if got := redacted(urls); got != want {
			t.Errorf("%q becomes %q, not %q", urls, got, want)
		}
	}
}

func TestConnectKeepsThePasswordOutOfItsErrors(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"nats://bob:secret@127.0.0.1:1", "nats://bob:sec ret@127.0.0.1:1", "nats://bob:secret@127.0.0.1:port", "secret@127.0.0.1:1"} {
		_, err := Connect(context.Background(), Config{URL: url})
		if err == nil || strings.Contains(err.Error(), "sec") || strings.Contains(err.Error(), "ret@") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

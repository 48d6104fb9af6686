package main

import (
	"bytes"
	"net/netip"
	"regexp"
	"strings"
	"testing"
)

func TestAFailedLoginIsOneLineWithItsAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.7":             "192.0.2.7",
		"2001:db8::7":           "2001:db8::7",
		"fe80::1%eth0\nlevel=x": "fe80::1",
	} {
		for held, reason := range map[bool]string{false: "wrong-password", true: "too-many-failures"} {
			var out bytes.Buffer
			failedLogins(&out)(netip.MustParseAddr(address), held)
			line := regexp.MustCompile(`^time=\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d) level=INFO msg="login failed" address=` + regexp.QuoteMeta(want) + ` reason=` + reason + "\n$")
			if !line.MatchString(out.String()) {
				t.Errorf("%q is written as %q", address, out.String())
			}
		}
	}
}

// Nobody gets lines with addresses who has not asked for them, and whoever has gets nothing
// more.
func TestOnlyFailedLoginsNameAddresses(t *testing.T) {
	t.Parallel()
	for _, flags := range [][]string{nil, {"--log-failed-logins"}} {
		p := connectorProcess(t, t.TempDir(), "a", append(flags, "--demo", "--nats-listen", "127.0.0.1:0", "--trusted-proxy", "127.0.0.1/32")...)
		for _, user := range []string{"alice", "mallory"} {
			if _, err := p.proxied("203.0.113.9", user, "wrong password", "x"); err == nil {
				t.Fatalf("%s is let in", user)
			}
		}
		c, err := p.proxied("192.0.2.7", "alice", "alice", "x")
		if err != nil {
			t.Fatal(err)
		}
		c.close()
		want := 2 * len(flags)
		if got := strings.Count(p.err.String(), `msg="login failed" address=203.0.113.9 reason=wrong-password`); got != want {
			t.Errorf("with %q there are %d lines, want %d:\n%s", flags, got, want, p.err.String())
		}
		for _, word := range []string{"192.0.2.7", "alice", "mallory"} {
			if strings.Contains(p.err.String(), word) {
				t.Errorf("with %q the log has %s:\n%s", flags, word, p.err.String())
			}
		}
	}
}

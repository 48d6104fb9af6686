package public_test

import (
	"testing"

	"github.com/rollcall-xmpp/rollcall/replay/public"
)

func TestAnAddressHasItsNetworkWithAPortAndWithoutOne(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.77:5222":          "192.0.2.0/24",
		"192.0.2.77":               "192.0.2.0/24",
		"[::ffff:192.0.2.77]:5222": "192.0.2.0/24",
		"[2001:db8:1:2::3]:5222":   "2001:db8:1::/48",
		"[fe80::1%eth0]:1":         "fe80::/48",
	} {
		if got, ok := public.NetworkOf(address); !ok || got.String() != want {
			t.Errorf("%q is of %s, want %s", address, got, want)
		}
	}
	for _, address := range []string{"", "somewhere", "192.0.2.0/24", "192.0.2.77:port"} {
		if got, ok := public.NetworkOf(address); ok {
			t.Errorf("%q is of %s, and is no address", address, got)
		}
	}
}

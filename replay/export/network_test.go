package export

import "testing"

func TestAnAddressIsCutToItsNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string][2]string{
		"192.0.2.77:5222":          {"192.0.2.0/24", "192.0.2.77/32"},
		"192.0.2.77":               {"192.0.2.0/24", "192.0.2.77/32"},
		"[::ffff:192.0.2.77]:5222": {"192.0.2.0/24", "192.0.2.77/32"},
		"[2001:db8:1:2::3]:5222":   {"2001:db8:1::/48", "2001:db8:1:2::3/128"},
		"[fe80::1%eth0]:1":         {"fe80::/48", "fe80::1/128"},
		"somewhere":                {"", ""},
		"":                         {"", ""},
	} {
		got := [2]string{AddressesPrefix.network(address), AddressesFull.network(address)}
		if got != want || AddressesNone.network(address) != "" {
			t.Errorf("%q: %q", address, got)
		}
	}
}

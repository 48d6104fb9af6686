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

func TestOfAnAgentTheSoftwareIsLeft(t *testing.T) {
	t.Parallel()
	for agent, want := range map[string]string{
		"Gajim 1.9.3, laptop, 4711":       "Gajim 1",
		"Conversations, Pixel, 4711":      "Conversations",
		"Psi+ 1.5.2079 (2024), desk, 1":   "Psi+ 1",
		"Anna's laptop, 4711":             "",
		"Gajim 1.9.3":                     "",
		"":                                "",
		"Swift 5, the desk, upstairs, 12": "Swift 5",
	} {
		if got := software(agent); got != want {
			t.Errorf("%q: %q, want %q", agent, got, want)
		}
	}
}

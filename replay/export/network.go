package export

import (
	"net/netip"

	"github.com/rollcall-xmpp/rollcall/replay/public"
)

// Addresses say how much of clients' addresses is exported.
type Addresses string

// The choices of Addresses.
const (
	AddressesPrefix Addresses = "prefix" // networks of 256 addresses, or of a customer: /24 and /48
	AddressesFull   Addresses = "full"
	AddressesNone   Addresses = "none"
)

// network is what is exported of an address, with or without a port, in CIDR notation;
// "" if nothing is.
func (a Addresses) network(address string) string {
	switch a {
	case AddressesPrefix:
		if p, ok := public.NetworkOf(address); ok {
			return p.String()
		}
	case AddressesFull:
		if ip, ok := public.IPOf(address); ok {
			return netip.PrefixFrom(ip, ip.BitLen()).String()
		}
	}
	return ""
}

// banned is what is exported of a network that was banned.
func (a Addresses) banned(network string) string {
	switch a {
	case AddressesPrefix:
		if p, ok := public.Widened(network); ok {
			return p.String()
		}
	case AddressesFull:
		return network
	}
	return ""
}

// wholeAddress is the address of a network that has only one; "" of any other.
func wholeAddress(network string) string {
	p, err := netip.ParsePrefix(network)
	if err != nil || !p.IsSingleIP() {
		return ""
	}
	return p.Addr().String()
}

package export

import (
	"net/netip"
	"strings"

	"rollcall/replay/public"
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

// software is what is left of an agent, "software, device, id", for those who are not to
// know whose it is: the software's name and its major version. A client that has not said
// all three may have named its device first, so nothing is left of that.
func software(agent string) string {
	if strings.Count(agent, ", ") < 2 {
		return ""
	}
	name, _, _ := strings.Cut(agent, ", ")
	cut := strings.IndexFunc(name, isDigit)
	if cut < 0 {
		return name
	}
	end := strings.IndexFunc(name[cut:], func(r rune) bool { return !isDigit(r) })
	if end < 0 {
		return name
	}
	return name[:cut+end]
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// wholeAddress is the address of a network that has only one; "" of any other.
func wholeAddress(network string) string {
	p, err := netip.ParsePrefix(network)
	if err != nil || !p.IsSingleIP() {
		return ""
	}
	return p.Addr().String()
}

package public

import "net/netip"

// What is told of an address to those who may not see it: networks of 256 addresses, or
// of one customer.
const (
	prefix4 = 24
	prefix6 = 48
)

// IPOf is the address in text, which may have a port; without zone, and IPv4 as such.
func IPOf(address string) (netip.Addr, bool) {
	if at, err := netip.ParseAddrPort(address); err == nil {
		return at.Addr().Unmap().WithZone(""), true
	}
	ip, err := netip.ParseAddr(address)
	return ip.Unmap().WithZone(""), err == nil
}

// Widened is a network in the notation of CIDR, or the wider one that it is in, as NetworkOf
// has them.
func Widened(network string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(network)
	if err != nil {
		return p, false
	}
	bits := prefix6
	if p.Addr().Is4() {
		bits = prefix4
	}
	p, err = p.Addr().Prefix(min(bits, p.Bits()))
	return p, err == nil
}

// NetworkOf is the network of an address, with or without a port: /24 of IPv4, /48 of IPv6.
func NetworkOf(address string) (netip.Prefix, bool) {
	ip, ok := IPOf(address)
	if !ok {
		return netip.Prefix{}, false
	}
	bits := prefix6
	if ip.Is4() {
		bits = prefix4
	}
	p, err := ip.Prefix(bits)
	return p, err == nil
}

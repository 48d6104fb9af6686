package guess

import "net/netip"

// A network is an address, or one of the networks that it is in. Whoever has one address
// mostly has its neighbours too: of IPv6 a /64 is one client's and counts as an address, a
// customer has up to a /48, and anybody gets a /32 who asks.
type network struct {
	netip.Prefix
	times float32 // as much is allowed as from one address
}

// networksOf lists the networks of an address, itself first. There are none of a text
// that is not an address of IP.
func networksOf(a netip.Addr) []network {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid():
		return nil
	case a.Is4():
		return []network{prefix(a, 32, 1), prefix(a, 24, 4)}
	}
	return []network{prefix(a, 64, 1), prefix(a, 48, 4), prefix(a, 32, 16)}
}

// placeOf is what counts as one address.
func placeOf(a netip.Addr) netip.Prefix {
	if a = a.Unmap().WithZone(""); a.Is4() {
		return prefix(a, 32, 1).Prefix
	}
	return prefix(a, 64, 1).Prefix
}

// neighbourhoodOf is the part of the net in which a mobile client goes from address to
// address.
func neighbourhoodOf(a netip.Addr) netip.Prefix {
	if a = a.Unmap().WithZone(""); a.Is4() {
		return prefix(a, 16, 1).Prefix
	}
	return prefix(a, 32, 1).Prefix
}

func prefix(a netip.Addr, bits int, times float32) network {
	p, _ := a.Prefix(bits) // invalid for an invalid address
	return network{p, times}
}

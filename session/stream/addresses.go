package stream

import (
	"net"
	"net/netip"

	"golang.org/x/time/rate"
)

// attemptsAtOnce is how many seconds' worth of connection attempts an address
// may make at once: all clients behind one come back together after a restart.
const attemptsAtOnce = 20

// minSwept is the number of addresses from which on those that nothing need be
// known of any longer are looked for.
const minSwept = 1024

// addresses counts what comes from each address, so that no single one takes all
// connections or all the time. It is guarded by the server's mu. An address is
// forgotten when nothing is open and it may attempt as much as one that is new,
// after 20 s at the latest.
type addresses struct {
	most  int        // open connections; below 1: any number
	rate  rate.Limit // attempts a second; below 1: any number
	known map[netip.Prefix]*address
	sweep int // length of known at which it is swept
}

// An address is one that has open connections, or had some a moment ago.
type address struct {
	of       netip.Prefix
	open     int
	attempts *rate.Limiter
	told     bool // that some were refused
}

// newAddresses takes the limits of cfg, whose fields are set.
func newAddresses(cfg *Config) addresses {
	a := addresses{
		most: cfg.MaxPerAddress, rate: rate.Limit(cfg.AttemptsPerAddress),
		known: map[netip.Prefix]*address{}, sweep: minSwept,
	}
	if cfg.AttemptsPerAddress < 1 {
		a.rate = rate.Inf
	}
	return a
}

// origin is what counts as one address: one of IPv4, or the /64 of one of IPv6,
// which a single customer has to itself. It is invalid, and nothing is limited,
// for this machine's own and for one that is not of IP.
func origin(a net.Addr) netip.Prefix {
	ip, bits := host(a), 64
	if ip.Is4() {
		bits = 32
	}
	if ip.IsLoopback() {
		return netip.Prefix{}
	}
	p, _ := ip.Prefix(bits)
	return p
}

// acquire counts a connection in. It reports false at a limit of its address,
// which is nil where there are none.
func (a *addresses) acquire(of netip.Prefix) (*address, bool) {
	if !of.IsValid() {
		return nil, true
	}
	ad := a.known[of]
	if ad == nil {
		a.forget()
		ad = &address{of: of, attempts: rate.NewLimiter(a.rate, attemptsAtOnce*int(min(a.rate, 1e6)))}
		a.known[of] = ad
	}
	if a.most > 0 && ad.open >= a.most || !ad.attempts.Allow() {
		return ad, false
	}
	ad.open++
	return ad, true
}

// forget drops the addresses that nothing need be known of, once they may be
// half of all.
func (a *addresses) forget() {
	if len(a.known) < a.sweep {
		return
	}
	for of, ad := range a.known {
		if ad.open == 0 && ad.attempts.Tokens() >= float64(ad.attempts.Burst()) {
			delete(a.known, of)
		}
	}
	a.sweep = max(minSwept, 2*len(a.known))
}

// release undoes acquire.
func (ad *address) release() {
	if ad != nil {
		ad.open--
	}
}

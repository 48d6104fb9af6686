package bans

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// MaxBans is how many bans there may be at a time.
const MaxBans = 1000

// Prefixes that are shorter are refused without force: they are of whole providers.
const (
	widest4 = 8
	widest6 = 16
)

// Errors of bans.
var (
	// ErrTooMany: there are MaxBans, or the reasons are too long for so many.
	ErrTooMany = errors.New("there are as many bans as there may be; remove some, or ban wider networks")
	// ErrNoBan: this network is not banned.
	ErrNoBan = errors.New("there is no ban of just this network")
	// ErrWide: so many are rarely meant.
	ErrWide = errors.New("this is more than a /8 of IPv4 or a /16 of IPv6")
	// ErrLocal: it would keep those out who are to lift the ban.
	ErrLocal = errors.New("this has an address of yours, or of the service's own machine")
)

// A Ban is of one network. Its JSON names are the stored form.
type Ban struct {
	Network netip.Prefix `json:"network"`
	Until   time.Time    `json:"until,omitzero"` // when it ends by itself; zero: never
	Made    time.Time    `json:"made"`
	Reason  string       `json:"reason,omitempty"` // for people
	By      events.Actor `json:"by"`
}

// Ended reports that the ban has no effect any longer.
func (b *Ban) Ended(now time.Time) bool { return !b.Until.IsZero() && !now.Before(b.Until) }

// Parse reads an address, or a network in the notation of CIDR. Bits behind the prefix
// don't count.
func Parse(text string) (netip.Prefix, error) {
	p, err := netip.ParsePrefix(text)
	if err != nil {
		ip, err := netip.ParseAddr(text)
		if err != nil || ip.Zone() != "" {
			return p, fmt.Errorf("%q is no address and no network: give 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32", text)
		}
		p = netip.PrefixFrom(ip, ip.BitLen())
	}
	if ip := p.Addr(); ip.Is4In6() {
		if p.Bits() < 96 {
			return p, fmt.Errorf("%s is partly of IPv4: give that part in its own form", text)
		}
		p = netip.PrefixFrom(ip.Unmap(), p.Bits()-96)
	}
	return p.Masked(), nil
}

// Check refuses a ban that is rarely meant: of very many addresses, with ErrWide, or with
// ErrLocal of this machine's own or of one of the given, from which somebody bans.
func Check(network netip.Prefix, own ...netip.Addr) error {
	widest, loopback := widest6, netip.MustParsePrefix("::1/128")
	if network.Addr().Is4() {
		widest, loopback = widest4, netip.MustParsePrefix("127.0.0.0/8")
	}
	if network.Bits() < widest {
		return fmt.Errorf("%s: %w", network, ErrWide)
	}
	local := network.Overlaps(loopback)
	for _, ip := range own {
		local = local || network.Contains(ip.Unmap().WithZone(""))
	}
	if local {
		return fmt.Errorf("%s: %w", network, ErrLocal)
	}
	return nil
}

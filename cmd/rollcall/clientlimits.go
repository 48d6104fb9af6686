package main

import (
	"net/netip"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/c2s"
)

// clientLimits are what an operator may have to change for many clients behind
// one address, or for benchmarks from other machines. 0 is no limit.
type clientLimits struct {
	perAddress int // connections
	attempts   int // to connect, an address and a second
	logins     int // an account and a minute
	presence   int // changes, a session and a second

	// proxies are believed when they say whom they connect for: addresses or
	// networks. trusted are the same, once validated.
	proxies []string
	trusted []netip.Prefix
}

// defineLimits defines their flags, with the defaults of c2s.Config.
func (c *Config) defineLimits(cmd *cobra.Command) {
	f, l := cmd.Flags(), &c.Limits
	f.IntVar(&c.MaxResources, "max-resources", session.MaxSessions, "`N` sessions an account may have")
	f.StringSliceVar(&l.proxies, "trusted-proxy", nil, "`CIDR` of proxies. They must use the PROXY\nprotocol for TCP; X-Forwarded-For is believed,\nand no others may connect to an exposed --ws")
	f.IntVar(&l.perAddress, "address-max", 1000, "`N` connections an address may have; 0: any\nnumber. This machine's may always")
	f.IntVar(&l.attempts, "address-rate", 50, "`N` times a second that an address may connect\n")
	f.IntVar(&l.logins, "login-rate", 60, "`N` times a minute that an account may log in,\nfrom other machines; 5 times that at once\n")
	f.IntVar(&l.presence, "presence-rate", 1, "`N` changes of presence of a session in a second,\n60 times that at once; 0 lifts the limits of\nother changes too")
}

func (l *clientLimits) validate() error {
	for _, limit := range []struct {
		flag  string
		value int
	}{
		{"--address-max", l.perAddress}, {"--address-rate", l.attempts},
		{"--login-rate", l.logins}, {"--presence-rate", l.presence},
	} {
		if limit.value < 0 {
			return usagef("%s: %d is below 0, which is no limit", limit.flag, limit.value)
		}
	}
	for _, text := range l.proxies {
		p, err := parseNetwork(text)
		if err != nil {
			return usagef("--trusted-proxy: %q is neither an address nor a network", text)
		}
		l.trusted = append(l.trusted, p)
	}
	return nil
}

// parseNetwork reads a network, or a single address.
func parseNetwork(text string) (netip.Prefix, error) {
	if ip, err := netip.ParseAddr(text); err == nil {
		return ip.Prefix(ip.BitLen())
	}
	return netip.ParsePrefix(text)
}

// isProxy reports a proxy that is believed.
func (l *clientLimits) isProxy(ip netip.Addr) bool {
	return slices.ContainsFunc(l.trusted, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// apply sets them where 0 stands for the default.
func (l *clientLimits) apply(c *c2s.Config) {
	set := func(field *int, value int) {
		if *field = value; value == 0 {
			*field = -1
		}
	}
	c.TrustedProxies = l.trusted
	set(&c.MaxPerAddress, l.perAddress)
	set(&c.AttemptsPerAddress, l.attempts)
	set(&c.LoginRate, l.logins)
	set(&c.PresenceRate, l.presence)
}

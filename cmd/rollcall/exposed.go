package main

import (
	"net"
	"net/netip"
	"net/url"
)

// warnExposed warns the operator of listeners that other machines reach, and
// not everybody should.
func (n *node) warnExposed() {
	if !n.cfg.Demo {
		return
	}
	for _, l := range []net.Listener{n.listeners.c2s, n.listeners.direct, n.listeners.web, n.listeners.webTLS} {
		if at := address(l); at != "" && !isLoopback("tcp://"+at) {
			n.log.Warn("whoever reaches this address can log in: the passwords of the demo accounts are known", "listener", at)
		}
	}
}

// isLoopback reports that only this machine reaches the URL, or nobody if it is
// empty.
func isLoopback(address string) bool {
	if address == "" {
		return true
	}
	u, err := url.Parse(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	return err == nil && ip.IsLoopback() || u.Hostname() == "localhost" // RFC 6761, 6.3
}

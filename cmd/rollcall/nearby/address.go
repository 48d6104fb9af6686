package nearby

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// defaultPort is that of NATS.
const defaultPort = "4222"

// addresses are those under which a service of this machine may have announced itself that is
// reached by the URLs, which have commas between. There are none for other machines.
func addresses(urls string) (list []string) {
	for text := range strings.SplitSeq(urls, ",") {
		host, port, ok := hostPort(strings.TrimSpace(text))
		if !ok {
			continue
		}
		for _, ip := range ours(host) {
			list = append(list, net.JoinHostPort(ip, port))
		}
	}
	return list
}

// hostPort reads a URL as the client of NATS does: without a scheme and without a port, too.
func hostPort(text string) (host, port string, ok bool) {
	if !strings.Contains(text, "://") {
		text = "nats://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" {
		return "", "", false
	}
	if port = u.Port(); port == "" {
		port = defaultPort
	}
	return u.Hostname(), port, true
}

// ours are the addresses that somebody who reaches the host may be listened to at: itself if it
// is this machine, and any.
func ours(host string) []string {
	if host == "localhost" {
		return []string{"127.0.0.1", "::1", "0.0.0.0", "::"}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil || !ip.IsLoopback() && !isLocal(ip) {
		return nil
	}
	return slices.Compact([]string{ip.String(), "0.0.0.0", "::"})
}

// isLocal reports that an address is one of this machine's.
func isLocal(ip netip.Addr) bool {
	if ip.IsUnspecified() {
		return true
	}
	all, _ := net.InterfaceAddrs()
	return slices.ContainsFunc(all, func(a net.Addr) bool {
		p, err := netip.ParsePrefix(a.String())
		return err == nil && p.Addr() == ip.Unmap()
	})
}

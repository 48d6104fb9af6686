package stream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"
)

// Clients behind proxies. A proxy for TCP begins each connection with a header
// of the PROXY protocol, version 1 or 2, as HAProxy, nginx and others do; one
// for WebSocket adds X-Forwarded-For. Either is believed only if it comes from
// one of Config.TrustedProxies, since anybody can write it.

const (
	// proxyTime bounds the wait for a header, which comes at once.
	proxyTime = 5 * time.Second
	// maxProxyLine is the longest header of version 1.
	maxProxyLine = 107
	// maxProxyBlock bounds what follows the first 16 bytes of version 2.
	maxProxyBlock = 4 << 10
)

// proxySignature is how version 2 begins.
const proxySignature = "\r\n\r\n\x00\r\nQUIT\n"

var errProxy = errors.New("no header of the PROXY protocol")

// trusts reports that a proxy's word is believed.
func (s *Server) trusts(a net.Addr) bool { return s.isProxy(host(a)) }

// isProxy reports an address of Config.TrustedProxies. The list is short.
func (s *Server) isProxy(ip netip.Addr) bool {
	for _, p := range s.cfg.TrustedProxies {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// host is an address without its port; the zero one if it is not one of IP.
func host(a net.Addr) (ip netip.Addr) {
	switch a := a.(type) {
	case *net.TCPAddr:
		ip, _ = netip.AddrFromSlice(a.IP)
	case *net.IPAddr:
		ip, _ = netip.AddrFromSlice(a.IP)
	}
	return ip.Unmap()
}

// A proxied connection is one that a proxy has made for a client.
type proxied struct {
	net.Conn
	client net.Addr // nil: not known yet, or the proxy itself
}

func (p *proxied) RemoteAddr() net.Addr {
	if p.client != nil {
		return p.client
	}
	return p.Conn.RemoteAddr()
}

func (p *proxied) CloseWrite() error { return closeWrite(p.Conn) }

// introduce reads whom a proxy's connection is for, and counts it in at that
// address. It reports false if nobody is to be served.
func (s *Server) introduce(c *Conn) bool {
	p, ok := c.raw.(*proxied)
	if !ok {
		return true
	}
	p.SetReadDeadline(time.Now().Add(proxyTime))
	client, err := readProxyHeader(p.Conn)
	if errors.Is(err, errProxy) && s.noProxyHeader.due() {
		s.cfg.Logger.Warn("connection refused: a trusted proxy must begin each with the PROXY protocol", "proxy", c.Address())
	}
	if err != nil || client == nil {
		return err == nil
	}
	p.client = client
	return s.forwarded(c, client)
}

// readProxyHeader reads one header and nothing after it. The address is nil
// where the proxy speaks for itself, or doesn't know.
func readProxyHeader(r io.Reader) (net.Addr, error) {
	b := make([]byte, len(proxySignature), maxProxyLine)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("read the proxy's header: %w", err)
	}
	switch {
	case string(b) == proxySignature:
		return readProxyBlock(r)
	case !bytes.HasPrefix(b, []byte("PROXY ")):
		return nil, errProxy
	}
	// Byte by byte: what follows the line is the client's.
	for b[len(b)-1] != '\n' {
		if len(b) == maxProxyLine {
			return nil, errProxy
		}
		b = b[:len(b)+1]
		if _, err := io.ReadFull(r, b[len(b)-1:]); err != nil {
			return nil, fmt.Errorf("read the proxy's header: %w", err)
		}
	}
	return parseProxyLine(string(b))
}

// parseProxyLine is section 2.1 of the protocol.
func parseProxyLine(line string) (net.Addr, error) {
	line, ok := strings.CutSuffix(line, "\r\n")
	f := strings.Split(line, " ")
	if !ok || len(f) < 2 {
		return nil, errProxy
	}
	if f[1] == "UNKNOWN" {
		return nil, nil
	}
	if len(f) != 6 || f[1] != "TCP4" && f[1] != "TCP6" {
		return nil, errProxy
	}
	client, err := netip.ParseAddrPort(net.JoinHostPort(f[2], f[4]))
	if err != nil || client.Addr().Is4() != (f[1] == "TCP4") {
		return nil, errProxy
	}
	return net.TCPAddrFromAddrPort(client), nil
}

// readProxyBlock is section 2.2, after the signature: version and command,
// family and protocol, a length, and as many bytes, which begin with the
// client's address and end with its port after the server's address.
func readProxyBlock(r io.Reader) (net.Addr, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, fmt.Errorf("read the proxy's header: %w", err)
	}
	size := int(binary.BigEndian.Uint16(head[2:]))
	if head[0]>>4 != 2 || head[0]&15 > 1 || size > maxProxyBlock {
		return nil, errProxy
	}
	block := make([]byte, size)
	if _, err := io.ReadFull(r, block); err != nil {
		return nil, fmt.Errorf("read the proxy's header: %w", err)
	}
	length := 0
	switch head[1] { // TCP, over either
	case 0x11:
		length = net.IPv4len
	case 0x21:
		length = net.IPv6len
	}
	if local := head[0]&15 == 0; local || length == 0 {
		return nil, nil
	}
	if size < 2*length+4 {
		return nil, errProxy
	}
	ip, _ := netip.AddrFromSlice(block[:length])
	port := binary.BigEndian.Uint16(block[2*length:])
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, port)), nil
}

// isProxy reports that X-Forwarded headers are believed.
func (c *httpConn) isProxy() bool {
	from := c.Conn.RemoteAddr()
	return isLoopback(from) || c.stream.srv.trusts(from)
}

// forwardedFor is whom a request of HTTP is for: the last address of
// X-Forwarded-For that is not a trusted proxy's own. nil: nobody else.
func (s *Server) forwardedFor(r *http.Request, c *httpConn) net.Addr {
	if !c.isProxy() {
		return nil
	}
	list := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	var client net.Addr
	for i := len(list) - 1; i >= 0; i-- {
		ip, err := netip.ParseAddr(strings.TrimSpace(list[i]))
		if err != nil {
			break
		}
		client = &net.IPAddr{IP: ip.AsSlice()}
		if !s.isProxy(ip.Unmap()) {
			break
		}
	}
	return client
}

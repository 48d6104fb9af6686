package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/users"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A role is a part of the service that a process may play.
type role string

const (
	roleConnector role = "connector" // holds client connections
	roleProjector role = "projector" // answers questions about the table
	roleHTTP      role = "http"      // serves the history to other programs; a connector of it serves WebSocket without being asked
	rolePublisher role = "publisher" // publishes the log to other programs on NATS; nobody has it without asking
)

var allRoles = []role{roleConnector, roleProjector, roleHTTP, rolePublisher}

// Where the role http listens: for WebSocket if it is a connector too, and for other programs.
const (
	defaultWS   = "127.0.0.1:5280"
	defaultHTTP = "127.0.0.1:5288"
)

// A Config is what "rollcall up" was asked for, a field a flag.
type Config struct {
	Domains        []string   // prepared, without repetition; the first one gets the demo accounts
	Data           string     // directory of everything that this process keeps
	Name           string     // of the connector; at most 200 bytes; unique among the living
	C2S            string     // host:port for TCP with STARTTLS; "" for none
	C2STLS         string     // host:port for direct TLS; "" for none
	WS             string     // host:port for WebSocket over plain HTTP: loopback, unless AllowPlaintext, or for proxies; "" for none
	WSTLS          string     // host:port for WebSocket over HTTPS; "" for none
	HTTP           string     // host:port of the API over plain HTTP, loopback; "" for none
	HTTPTLS        string     // host:port of the API over HTTPS; "" for none
	WSOrigins      []string   // patterns of hosts whose pages may use WebSocket
	NATSListen     string     // host:port of the embedded NATS server; "" for none
	NATS           natsAccess // a NATS server or cluster instead of the embedded one
	Roles          []role
	Cert, Key      string // PEM files; both or none
	Certs          string // directory of pairs, instead; none of the three: the self-signed one
	AllowPlaintext bool   // logins without TLS
	ChannelBinding bool   // offered even to clients that can't be told its type
	Registration   bool   // accounts are made by clients too

	Users users.Sources // of domains that have not simply the accounts made here

	Conflict     session.Conflict
	MaxResources int // an account may bind; 1 to session.MaxSessions
	Limits       clientLimits
	Lease        time.Duration // of the connector; whole seconds, at least minLease
	Log          logFlags
	Public       publicFlags
	Demo         bool   // make the demo accounts
	Fsync        string // of the embedded server: "always" or the longest time without
	Verbose      bool   // log what happens, not only warnings
	FailedLogins bool   // log their addresses

	file     string            // TOML with any of these; "" for none
	roles    []string          // as they were given
	conflict string            // likewise
	accounts rolebook          // the roles of accounts
	origins  *settings.Origins // of all flags, once loaded
}

// A lease has to outlast an election of a cluster's leader by far. A death is
// noticed sooner than it ends.
const (
	defaultLease = 45 * time.Second
	minLease     = 5 * time.Second
)

// defaultName is the connector's name if none is given.
func defaultName() string {
	if host, err := os.Hostname(); err == nil && host != "" {
		return host
	}
	return "rollcall"
}

// validate checks the fields, prepares the domains, and names the flag of each
// fault.
func (c *Config) validate() error {
	var faults []error
	fault := func(format string, args ...any) { faults = append(faults, usagef(format, args...)) }
	if c.Data == "" {
		fault("--data: name a directory")
	}
	if c.Name == "" || len(c.Name) > 200 || !utf8.ValidString(c.Name) || strings.ContainsFunc(c.Name, unicode.IsControl) {
		fault("--name: a name has 1 to 200 bytes of UTF-8, and no control characters")
	}
	for _, a := range []struct{ flag, addr string }{
		{"--c2s", c.C2S}, {"--c2s-tls", c.C2STLS}, {"--ws", c.WS}, {"--ws-tls", c.WSTLS},
		{"--http", c.HTTP}, {"--http-tls", c.HTTPTLS}, {"--nats-listen", c.NATSListen},
	} {
		if a.addr == "" {
			continue
		}
		if _, port, err := net.SplitHostPort(a.addr); err != nil {
			fault("%s: %q is not host:port", a.flag, a.addr)
		} else if _, err := net.LookupPort("tcp", port); err != nil {
			fault("%s: %q has no port from 0 to 65535", a.flag, a.addr)
		}
	}
	if (c.Cert == "") != (c.Key == "") {
		fault("--cert and --key go together")
	}
	if c.Cert != "" && c.Certs != "" {
		return usagef("--cert is a certificate for all domains, --certs a directory of several: give one")
	}
	if flag := c.NATS.named(); flag != "" && !c.external() {
		fault("%s is for --nats", flag)
	}
	if c.has(roleConnector) && c.C2S+c.C2STLS+c.WS+c.WSTLS == "" {
		fault("a connector needs --c2s, --c2s-tls, --ws or --ws-tls")
	}
	if c.Lease < minLease || c.Lease%time.Second != 0 {
		fault("--lease: %s is not whole seconds, %s or more", c.Lease, minLease)
	}
	if c.MaxResources < 1 || c.MaxResources > session.MaxSessions {
		fault("--max-resources: %d is not from 1 to %d", c.MaxResources, session.MaxSessions)
	}
	return errors.Join(append([]error{c.prepareDomains(), c.validateUsers()}, append(faults,
		c.accounts.complete(), c.Limits.validate(), c.Log.validate(), c.Public.validate(c.has(rolePublisher)), c.NATS.validate(), c.validateWeb())...)...)
}

// validateUsers compares where users come from with the domains, which are prepared.
func (c *Config) validateUsers() error {
	if err := c.Users.CheckServed(c.Domains); err != nil {
		return err
	}
	if !c.Demo || len(c.Domains) == 0 {
		return nil
	}
	if kind := c.Users.Kinds()[c.Domains[0]]; kind != "" {
		return usagef("--demo makes accounts of %s, whose users come from elsewhere (%s)", c.Domains[0], kind)
	}
	return nil
}

// validateWeb keeps passwords and tokens off the network.
func (c *Config) validateWeb() error {
	for _, pattern := range c.WSOrigins {
		if _, err := path.Match(pattern, ""); err != nil {
			return usagef("--ws-origin: %q: %w", pattern, err)
		}
	}
	if !c.AllowPlaintext && len(c.Limits.proxies) == 0 {
		if err := onlyLoopback("--ws", c.WS); err != nil {
			return fmt.Errorf("%w, or name the proxies that add TLS with --trusted-proxy", err)
		}
	}
	if c.natsNeedsTLS() && !c.hasCerts() {
		return usagef("--nats-listen: other machines reach %s, and need TLS: give --cert and --key, or --certs, or an address of this machine", c.NATSListen)
	}
	return onlyLoopback("--http", c.HTTP)
}

// natsNeedsTLS reports that other machines reach the embedded server.
func (c *Config) natsNeedsTLS() bool {
	if c.external() || c.NATSListen == "" {
		return false
	}
	addr, err := net.ResolveTCPAddr("tcp", c.NATSListen)
	return err == nil && !addr.IP.IsLoopback()
}

// onlyLoopback refuses an address of a listener without TLS that other machines reach.
func onlyLoopback(flag, address string) error {
	if address == "" {
		return nil
	}
	addr, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return usagef("%s: %w", flag, err)
	}
	if !addr.IP.IsLoopback() {
		return usagef("%s has no TLS and is for addresses of this machine only: use %s-tls", flag, flag)
	}
	return nil
}

func (c *Config) prepareDomains() error {
	prepared := c.Domains[:0:0]
	for _, d := range c.Domains {
		j, err := events.NewJID("", d, "")
		if err != nil {
			return usagef("--domain: %w", err)
		}
		if !slices.Contains(prepared, j.Domain()) {
			prepared = append(prepared, j.Domain())
		}
	}
	if len(prepared) == 0 {
		return usagef("--domain: name at least one")
	}
	c.Domains = prepared
	return nil
}

// setConflict reads the word of --conflict.
func (c *Config) setConflict(word string) error {
	policies := map[string]session.Conflict{"replace": session.Replace, "refuse": session.Refuse, "rename": session.Rename}
	policy, ok := policies[word]
	if !ok {
		return usagef("--conflict: %q is none of replace, refuse, rename", word)
	}
	c.Conflict = policy
	return nil
}

// setRoles reads the list of --roles.
func (c *Config) setRoles(list []string) error {
	c.Roles = nil
	for _, name := range list {
		r := role(strings.TrimSpace(name))
		if !slices.Contains(allRoles, r) {
			return usagef("--roles: %q is none of connector, projector, http, publisher", name)
		}
		c.Roles = append(c.Roles, r)
	}
	if len(c.Roles) == 0 {
		return usagef("--roles: name at least one of connector, projector, http, publisher")
	}
	return nil
}

// describe is what the process is, in a few words.
func (c *Config) describe() string {
	switch {
	case c.has(roleConnector):
	case c.has(roleProjector):
		return "projector"
	case c.has(roleHTTP):
		return "HTTP"
	default:
		return "publisher"
	}
	return fmt.Sprintf("connector %s for %s", c.Name, strings.Join(c.Domains, ", "))
}

// security is what a client must be ready for.
func (c *Config) security() string {
	cert := "STARTTLS"
	if !c.hasCerts() {
		cert += ", self-signed certificate"
	}
	if c.AllowPlaintext {
		cert += ", or without TLS"
	}
	return cert
}

// hasCerts reports that the operator gave certificates.
func (c *Config) hasCerts() bool { return c.Cert+c.Certs != "" }

// external reports that NATS is not in this process.
func (c *Config) external() bool { return c.NATS.url+c.NATS.context != "" }

func (c *Config) has(r role) bool { return slices.Contains(c.Roles, r) }

// A flagError names the flag that mends an error.
type flagError struct {
	flag string
	err  error
}

func (e *flagError) Error() string { return fmt.Sprintf("%v (%s)", e.err, e.flag) }

func (e *flagError) Unwrap() error { return e.err }

// change says which flag to change, unless an inner error did already, or a permission is
// missing, which no flag mends.
func change(flag string, err error) error {
	if err == nil || errors.As(err, new(*flagError)) || events.IsDenied(err) {
		return err
	}
	return &flagError{flag: "change " + flag, err: err}
}

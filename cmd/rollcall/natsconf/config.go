package natsconf

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// ErrHosts: these can't be the servers.
var ErrHosts = errors.New("name one server or three, each as HOST or HOST:PORT")

const (
	defaultPort = 4222
	// From a port for clients to those beside it, as nats-server's own defaults are.
	clusterPort = 2000
	monitorPort = 4000
)

// DefaultMaxFile is what JetStream may have on each server, in bytes: all streams as large as
// they are made where there is room, and a little for streams that reserve nothing.
const DefaultMaxFile = 24 << 30

// A Config is what the servers are to be like.
type Config struct {
	Nodes   []Node
	Path    string // directory where the files will be on the servers; "": where they are written
	Store   string // directory of JetStream on each machine
	MaxFile int64  // bytes of it
	Fsync   string // "always" or the longest time without
}

// A Node is one server.
type Node struct {
	Name string // nats1 and so on
	Host string // by which clients and other servers know it
	Port int    // for clients
}

// New is the default for servers, each HOST or HOST:PORT.
func New(hosts []string) (*Config, error) {
	if len(hosts) != 1 && len(hosts) != 3 {
		return nil, fmt.Errorf("%w: %d are named", ErrHosts, len(hosts))
	}
	c := &Config{Store: "/var/lib/nats", MaxFile: DefaultMaxFile, Fsync: "1s"}
	for i, text := range hosts {
		n := Node{Name: fmt.Sprintf("nats%d", i+1), Host: text}
		if host, port, err := net.SplitHostPort(text); err == nil {
			number, err := strconv.ParseUint(port, 10, 16)
			if err != nil || number == 0 || number+monitorPort > 65535 {
				return nil, fmt.Errorf("%w: %q has no port that can be used", ErrHosts, text)
			}
			n.Host, n.Port = host, int(number)
		}
		if n.Host == "" {
			return nil, fmt.Errorf("%w: %q", ErrHosts, text)
		}
		c.Nodes = append(c.Nodes, n)
	}
	return c, c.assignPorts()
}

// assignPorts gives servers that name no port the default; if all are on one machine, each
// the first one from there on that no other has. It refuses those that would have the same.
func (c *Config) assignPorts() error {
	together := !slices.ContainsFunc(c.Nodes, func(n Node) bool { return !n.sharesMachine(c.Nodes[0]) })
	for i := range c.Nodes {
		n := &c.Nodes[i]
		if n.Port != 0 {
			continue
		}
		for n.Port = defaultPort; together && c.inTheWay(i) != ""; n.Port++ { // there are no more than two others
		}
	}
	for i, n := range c.Nodes {
		if other := c.inTheWay(i); other != "" {
			return fmt.Errorf("%w: %s and %s are on one machine, and would have a port of each other's", ErrHosts, n.Advertised(), other)
		}
	}
	return nil
}

// inTheWay is another server that would have a port of this one's; "": none has.
func (c *Config) inTheWay(of int) string {
	n := c.Nodes[of]
	for i, other := range c.Nodes {
		if i == of || other.Port == 0 || !n.sharesMachine(other) {
			continue
		}
		for _, port := range n.ports() {
			if slices.Contains(other.ports(), port) {
				return other.Advertised()
			}
		}
	}
	return ""
}

// Check refuses what a server would not start with.
func (c *Config) Check() error {
	if c.Fsync != "always" {
		if d, err := time.ParseDuration(c.Fsync); err != nil || d < 10*time.Millisecond {
			return fmt.Errorf("%q is neither always nor a time of 10ms or more", c.Fsync)
		}
	}
	return nil
}

// URL is where clients find the servers.
func (c *Config) URL() (url string) {
	for i, n := range c.Nodes {
		if i > 0 {
			url += ","
		}
		url += "tls://" + net.JoinHostPort(n.Host, strconv.Itoa(n.Port))
	}
	return url
}

// File is a node's configuration, in the directory of all.
func (n Node) File() string { return n.Name + ".conf" }

// ports are those that it listens on: for clients, other servers, and this machine's programs.
func (n Node) ports() []int { return []int{n.Port, n.Port + clusterPort, n.Port + monitorPort} }

// sharesMachine reports servers that are known to be on one machine.
func (n Node) sharesMachine(other Node) bool {
	return n.Host == other.Host || n.isLocal() && other.isLocal()
}

// Advertised is where clients reach it.
func (n Node) Advertised() string { return net.JoinHostPort(n.Host, strconv.Itoa(n.Port)) }

// Listen is the address for clients, Cluster that for other servers, Monitor the one for this
// machine's own programs. A server whose name is an address of this machine alone stays there.
func (n Node) Listen() string { return net.JoinHostPort(n.bound(), strconv.Itoa(n.Port)) }

// Cluster is where other servers reach it.
func (n Node) Cluster() string { return net.JoinHostPort(n.bound(), strconv.Itoa(n.Port+clusterPort)) }

// Route is the URL of that.
func (n Node) Route() string {
	return "nats-route://" + net.JoinHostPort(n.Host, strconv.Itoa(n.Port+clusterPort))
}

// Monitor is where this machine's programs ask how it is, over HTTP.
func (n Node) Monitor() string {
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(n.Port+monitorPort))
}

func (n Node) bound() string {
	if n.isLocal() {
		return n.Host
	}
	return "0.0.0.0"
}

// isLocal reports a name that is an address of this machine alone.
func (n Node) isLocal() bool {
	ip := net.ParseIP(n.Host)
	return n.Host == "localhost" || ip != nil && ip.IsLoopback()
}

// storeOf is a server's directory: one of its own below Store if another server is on the same
// machine.
func (c *Config) storeOf(n Node) string {
	for _, other := range c.Nodes {
		if other.Name != n.Name && n.sharesMachine(other) {
			return filepath.Join(c.Store, n.Name)
		}
	}
	return c.Store
}

// at is a file where the servers find it.
func (c *Config) at(name string) string { return filepath.Join(c.Path, name) }

package natsconf

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
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
// they are made where there is room, and a little for what is not reserved.
const DefaultMaxFile = 24 << 30

// A Config is what the servers are to be like.
type Config struct {
	Nodes   []Node
	Path    string // directory where the files will be on the servers; "": where they are written
	Store   string // directory of JetStream on each server
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
		n := Node{Name: fmt.Sprintf("nats%d", i+1), Host: text, Port: defaultPort}
		if host, port, err := net.SplitHostPort(text); err == nil {
			number, err := strconv.ParseUint(port, 10, 16)
			if err != nil || number+monitorPort > 65535 {
				return nil, fmt.Errorf("%w: %q has no port that can be used", ErrHosts, text)
			}
			n.Host, n.Port = host, int(number)
		}
		if n.Host == "" || n.Port == 0 {
			return nil, fmt.Errorf("%w: %q", ErrHosts, text)
		}
		for _, other := range c.Nodes {
			if other.Host == n.Host && other.Port == n.Port {
				return nil, fmt.Errorf("%w: %q is named twice", ErrHosts, text)
			}
		}
		c.Nodes = append(c.Nodes, n)
	}
	return c, nil
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
	if ip := net.ParseIP(n.Host); n.Host == "localhost" || ip != nil && ip.IsLoopback() {
		return n.Host
	}
	return "0.0.0.0"
}

// at is a file where the servers find it.
func (c *Config) at(name string) string { return filepath.Join(c.Path, name) }

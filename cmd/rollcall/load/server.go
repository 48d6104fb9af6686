package load

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"

	"github.com/xdg-go/scram"
)

// Security is how a connection is protected.
type Security string

// The kinds of protection.
const (
	Plaintext Security = "none"
	StartTLS  Security = "starttls"
	DirectTLS Security = "direct"
)

// A Server is one that is driven, under the name that results bear.
type Server struct {
	Name string
	// Addrs are host:port. With several, clients that send are at the first
	// and those that only get something at the last.
	Addrs    []string
	Domain   string
	Security Security
	// Mechanism is PLAIN, SCRAM-SHA-1 or SCRAM-SHA-256.
	Mechanism string
	// Password of every account.
	Password string
	// PIDs are the server's processes, if they are on this machine.
	PIDs []int

	// keys remembers what SCRAM derives from a password, as clients do
	// (RFC 5802, 5.1): it would cost the load more than the login.
	keys sync.Map // user name -> *scram.Client
}

// Validate checks what can be checked without connecting.
func (s *Server) Validate() error {
	if len(s.Addrs) == 0 || s.Domain == "" {
		return errors.New("a server needs an address and a domain")
	}
	for _, a := range s.Addrs {
		if _, _, err := net.SplitHostPort(a); err != nil {
			return fmt.Errorf("address of %s: %w", s.Name, err)
		}
	}
	if !slices.Contains([]Security{Plaintext, StartTLS, DirectTLS}, s.Security) {
		return fmt.Errorf("security is none, starttls or direct, not %q", s.Security)
	}
	if _, ok := hashes[s.Mechanism]; !ok && s.Mechanism != plain {
		return fmt.Errorf("mechanism is PLAIN, SCRAM-SHA-1 or SCRAM-SHA-256, not %q", s.Mechanism)
	}
	return nil
}

func (s *Server) first() string { return s.Addrs[0] }

func (s *Server) last() string { return s.Addrs[len(s.Addrs)-1] }

// tlsConfig accepts any certificate: whoever measures a server knows which it
// is. The key exchange is one that every server has, so that all pay for the
// same.
func (s *Server) tlsConfig() *tls.Config {
	return &tls.Config{ServerName: s.Domain, InsecureSkipVerify: true, NextProtos: s.protocols(), CurvePreferences: []tls.CurveID{tls.X25519}}
}

func (s *Server) protocols() []string {
	if s.Security == DirectTLS {
		return []string{"xmpp-client"} // XEP-0368
	}
	return nil
}

const plain = "PLAIN"

var hashes = map[string]scram.HashGeneratorFcn{"SCRAM-SHA-1": scram.SHA1, "SCRAM-SHA-256": scram.SHA256}

// scramClient is the user's, with its derived keys if there were logins before.
func (s *Server) scramClient(user string) (*scram.Client, error) {
	if c, ok := s.keys.Load(user); ok {
		return c.(*scram.Client), nil
	}
	c, err := hashes[s.Mechanism].NewClient(user, s.Password, "")
	if err != nil {
		return nil, fmt.Errorf("keys of %s: %w", user, err)
	}
	kept, _ := s.keys.LoadOrStore(user, c)
	return kept.(*scram.Client), nil
}

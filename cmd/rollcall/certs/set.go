package certs

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// ErrNone: a domain has no certificate in the directory.
var ErrNone = errors.New("there is no certificate")

// Config is what a Set needs: Cert and Key, or Dir.
type Config struct {
	// Domains that are served, prepared; at least one. A client that names none, or
	// one for which there is no certificate, is shown that of the first.
	Domains []string
	// Cert and Key are PEM files, maybe the same one: for all domains.
	Cert, Key string
	// Dir is a directory of pairs.
	Dir string
	// SelfSigned is whose file Cert is; nil: it is somebody's who knows what is in it.
	SelfSigned *SelfSigned
	// Roots judge chains; nil: those of this machine.
	Roots *x509.CertPool
	// Logger is told of faults.
	Logger *slog.Logger
}

// A Set has a certificate for each domain. Its methods are for any goroutine.
type Set struct {
	cfg    Config
	now    func() time.Time
	chosen atomic.Pointer[choice]
	mu     sync.Mutex // held by whoever chooses anew
}

// A choice is what a Set has chosen. It does not change.
type choice struct {
	first *pair            // for whoever asks for nothing that there is
	names map[string]*pair // ASCII names, lower case, "*.parent" for all children of one
	all   []*pair

	failed error // of pairs that were left out
}

// Open reads the certificates, and warns of their faults. It fails if a domain has none.
func Open(cfg Config) (*Set, error) {
	s := &Set{cfg: cfg, now: time.Now}
	if err := s.choose(); err != nil {
		return nil, err
	}
	s.Check()
	return s, nil
}

// choose chooses anew. If it fails all stays as it was.
func (s *Set) choose() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cfg.Dir == "" {
		return s.chooseOne()
	}
	var before []*pair
	if c := s.chosen.Load(); c != nil {
		before = c.all
	}
	all, failed, err := openAll(s.cfg.Dir, before, s.cfg.Logger)
	if err != nil {
		return err
	}
	c := &choice{names: make(map[string]*pair), all: all, failed: failed}
	for _, p := range all {
		if !slices.Contains(before, p) { // others are in use
			p.changed = s.changed
		}
		for _, name := range p.current.Load().Leaf.DNSNames {
			name = strings.ToLower(name)
			c.names[name] = later(c.names[name], p)
		}
	}
	for _, d := range s.cfg.Domains {
		p := forName(all, asciiName(d))
		if p == nil {
			return errors.Join(fmt.Errorf("%s: %w for %s, %s", s.cfg.Dir, ErrNone, d, whose(all)), failed)
		}
		c.names[strings.ToLower(asciiName(d))] = p
		if c.first == nil {
			c.first = p
		}
	}
	if failed != nil {
		s.cfg.Logger.Warn("certificates that can't be used are left out", "error", failed)
	}
	s.chosen.Store(c)
	return nil
}

// chooseOne opens the only pair, or reads it again. The caller holds mu.
func (s *Set) chooseOne() error {
	if c := s.chosen.Load(); c != nil {
		c.first.reload()
		return nil
	}
	p, err := openPair(s.cfg.Cert, s.cfg.Key, s.cfg.Logger)
	if err != nil {
		return err
	}
	p.changed = s.changed
	s.chosen.Store(&choice{first: p, all: []*pair{p}})
	return nil
}

// whose says for whom certificates are.
func whose(all []*pair) string {
	if len(all) == 0 {
		return "nor for anybody else"
	}
	var of []string
	for _, p := range all {
		of = append(of, names(p.current.Load().Leaf))
	}
	return "only for " + some(of)
}

// changed is told of a pair that was read again, in the middle of a handshake.
func (s *Set) changed(*pair) { go s.Check() }

// later is whichever of two pairs ends later; a may be nil.
func later(a, b *pair) *pair {
	if a == nil || b.current.Load().Leaf.NotAfter.After(a.current.Load().Leaf.NotAfter) {
		return b
	}
	return a
}

// TLS is from version 1.2 up (RFC 7590, 3).
func (s *Set) TLS() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		return s.chosen.Load().forSNI(hello.ServerName).get(), nil
	}}
}

// forSNI is the pair for the name that a client asks for (RFC 6066, 3).
func (c *choice) forSNI(name string) *pair {
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if p := c.names[name]; p != nil {
		return p
	}
	if _, parent, ok := strings.Cut(name, "."); ok {
		if p := c.names["*."+parent]; p != nil {
			return p
		}
	}
	return c.first
}

// Leaves gives each domain's certificate as it is now.
func (s *Set) Leaves() iter.Seq2[string, *x509.Certificate] {
	return func(yield func(string, *x509.Certificate) bool) {
		c := s.chosen.Load()
		for _, d := range s.cfg.Domains {
			if !yield(d, c.forSNI(asciiName(d)).current.Load().Leaf) {
				return
			}
		}
	}
}

// A Complaint is what clients complain of in one certificate, or soon will.
type Complaint struct {
	File   string
	Faults []string // as [Faults] has them; there is one at least
}

// String is a sentence without the file.
func (c *Complaint) String() string {
	return "clients will not like a certificate: it " + strings.Join(c.Faults, "; it ")
}

// Check warns of the faults of all certificates, in a line for those of one.
func (s *Set) Check() {
	for _, c := range s.Complaints() {
		s.cfg.Logger.Warn(c.String(), "file", c.File)
	}
}

// Unusable is why pairs of the directory were left out when it was read last, nil if none
// was.
func (s *Set) Unusable() error { return s.chosen.Load().failed }

// Complaints are the faults of all certificates as they are now, in the order of their
// files.
func (s *Set) Complaints() (all []Complaint) {
	c := s.chosen.Load()
	faults := make(map[*pair][]string)
	for _, d := range s.cfg.Domains {
		p := c.forSNI(asciiName(d))
		for _, f := range Faults(p.current.Load(), d, s.cfg.Roots, s.now()) {
			if !slices.Contains(faults[p], f) {
				faults[p] = append(faults[p], f)
			}
		}
	}
	for _, p := range slices.SortedFunc(maps.Keys(faults), func(a, b *pair) int { return strings.Compare(a.cert, b.cert) }) {
		all = append(all, Complaint{p.cert, faults[p]})
	}
	return all
}

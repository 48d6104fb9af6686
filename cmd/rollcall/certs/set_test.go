package certs

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A shelf is a directory of certificates, the Set of it, and what that says.
type shelf struct {
	*testing.T
	*authority
	dir  string
	said lines
	set  *Set
}

// lines are what is logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(text string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), text)
}

func newShelf(t *testing.T) *shelf {
	t.Helper()
	t.Parallel()
	return &shelf{T: t, authority: newAuthority(t, "Root", nil), dir: t.TempDir()}
}

func (s *shelf) open(domains ...string) error {
	var err error
	s.set, err = Open(Config{
		Domains: domains, Dir: s.dir, Roots: s.roots(), Logger: slog.New(slog.NewTextHandler(&s.said, nil)),
	})
	return err
}

func (s *shelf) mustOpen(domains ...string) {
	s.Helper()
	if err := s.open(domains...); err != nil {
		s.Fatal(err)
	}
}

// add puts a pair for the names into files.
func (s *shelf) add(cert, key string, names ...string) {
	s.Helper()
	s.addFor(365*24*time.Hour, cert, key, names...)
}

func (s *shelf) addFor(valid time.Duration, cert, key string, names ...string) {
	s.Helper()
	c, k := s.issue(valid, nil, names...)
	if cert == key {
		put(s.T, append(c, k...), s.dir, cert)
		return
	}
	put(s.T, c, s.dir, cert)
	put(s.T, k, s.dir, key)
}

// shown is the first name of the certificate that is shown to a client that asks for name.
func (s *shelf) shown(name string) string {
	s.Helper()
	cert, err := s.set.TLS().GetCertificate(&tls.ClientHelloInfo{ServerName: name})
	if err != nil {
		s.Fatal(err)
	}
	return cert.Leaf.DNSNames[0]
}

func TestEachDomainHasItsOwnCertificateByTheNameThatAClientAsksFor(t *testing.T) {
	s := newShelf(t)
	s.add("example.org.crt", "example.org.key", "example.org")
	s.add("net.pem", "net.key", "example.net")
	s.add("both.pem", "both.pem", "example.com", "xmpp.example.com")
	s.add("xn--bcher-kva.example/fullchain.pem", "xn--bcher-kva.example/privkey.pem", "xn--bcher-kva.example")
	s.add("wild.cert", "wild.key", "*.example.edu")
	put(t, []byte("nothing to do with it"), s.dir, "README")
	put(t, []byte("nor this"), s.dir, ".hidden.pem")
	s.mustOpen("example.org", "example.net", "bücher.example")
	for asked, want := range map[string]string{
		"example.org": "example.org", "EXAMPLE.ORG": "example.org", "example.org.": "example.org",
		"example.net": "example.net", "xn--bcher-kva.example": "xn--bcher-kva.example",
		"xmpp.example.com": "example.com", "conference.example.edu": "*.example.edu",
		"a.conference.example.edu": "example.org", "example.edu": "example.org",
		"": "example.org", "unknown.example": "example.org",
	} {
		if got := s.shown(asked); got != want {
			t.Errorf("%q is shown that of %s, want %s", asked, got, want)
		}
	}
	if n := s.said.count("level=WARN"); n != 0 {
		t.Errorf("%d warnings:\n%s", n, s.said.text.String())
	}
}

func TestOfSeveralForADomainTheOneThatEndsLastIsShown(t *testing.T) {
	s := newShelf(t)
	s.addFor(24*time.Hour, "example.org.crt", "example.org.key", "example.org", "old")
	s.addFor(400*24*time.Hour, "new.crt", "new.key", "new.example", "example.org")
	s.mustOpen("example.org")
	if got := s.shown("example.org"); got != "new.example" {
		t.Errorf("that of %s is shown", got)
	}
}

func TestADomainWithoutACertificateIsAnErrorThatNamesIt(t *testing.T) {
	s := newShelf(t)
	s.add("example.org.crt", "example.org.key", "example.org")
	put(t, []byte("junk"), s.dir, "example.net.crt")
	put(t, []byte("junk"), s.dir, "example.net.key")
	err := s.open("example.org", "example.net")
	if !errors.Is(err, ErrNone) || !strings.Contains(err.Error(), "for example.net") || !strings.Contains(err.Error(), "example.net.crt") {
		t.Error(err)
	}
}

func TestAReloadFindsNewFilesAndKeepsWhatItHadOfThoseThatAreGone(t *testing.T) {
	s := newShelf(t)
	s.add("a.crt", "a.key", "a.example", "example.org")
	s.mustOpen("example.org")
	s.addFor(500*24*time.Hour, "b.crt", "b.key", "b.example", "example.org")
	s.set.Reload(t.Context())
	if got := s.shown("example.org"); got != "b.example" {
		t.Errorf("that of %s is shown", got)
	}
	for _, name := range []string{"a.crt", "b.crt"} {
		if err := os.Remove(filepath.Join(s.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s.set.Reload(t.Context())
	if got := s.shown("example.org"); got != "b.example" {
		t.Errorf("that of %s is shown", got)
	}
	if n := s.said.count("those before stay in use"); n != 1 {
		t.Errorf("%d warnings, want one:\n%s", n, s.said.text.String())
	}
}

func TestFaultsAreWarnedOfAtTheStartAndEachTimeTheyAreLookedFor(t *testing.T) {
	s := newShelf(t)
	s.addFor(5*24*time.Hour, "example.org.crt", "example.org.key", "example.org", "example.net")
	s.mustOpen("example.org", "example.net")
	if n := s.said.count("it ends on"); n != 1 {
		t.Errorf("%d warnings, want one for both domains:\n%s", n, s.said.text.String())
	}
	s.set.Check()
	if n := s.said.count("it ends on"); n != 2 {
		t.Errorf("%d warnings, want two:\n%s", n, s.said.text.String())
	}
}

func TestNothingBelowTLS12IsSpoken(t *testing.T) {
	s := newShelf(t)
	s.add("a.crt", "a.key", "example.org")
	s.mustOpen("example.org")
	if v := s.set.TLS().MinVersion; v != tls.VersionTLS12 {
		t.Errorf("the lowest version is %s", tls.VersionName(v))
	}
}

// The race detector sees a handshake that reads files again while a reload does, too.
func TestAReloadIsNotInTheWayOfHandshakes(t *testing.T) {
	s := newShelf(t)
	s.add("a.crt", "a.key", "example.org")
	s.mustOpen("example.org")
	p := s.set.chosen.Load().first
	var both sync.WaitGroup
	both.Go(func() {
		for range 50 {
			p.reload()
		}
	})
	both.Go(func() {
		for range 50 {
			s.set.Reload(t.Context())
		}
	})
	both.Wait()
	if got := s.shown("example.org"); got != "example.org" {
		t.Errorf("that of %s is shown", got)
	}
}

package ldap

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/auth/authtest"
)

// certificate is one for this machine, and whoever trusts it.
var certificate = sync.OnceValues(func() (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		panic(err)
	}
	pool := x509.NewCertPool()
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
})

const (
	template = "uid={user},ou=people,dc=example,dc=org"
	base     = "dc=example,dc=org"
	filter   = "(&(objectClass=person)(uid={user}))"
	searcher = "cn=search,dc=example,dc=org"
)

func directory(t *testing.T, cfg Config) *Directory {
	t.Helper()
	d, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// ways are those to a directory and to an entry.
func ways() map[string]func(t *testing.T) (*server, *Directory) {
	cert, trusted := certificate()
	secure := &tls.Config{Certificates: []tls.Certificate{cert}}
	return map[string]func(t *testing.T) (*server, *Directory){
		"template": func(t *testing.T) (*server, *Directory) {
			s := startServer(t, nil, false)
			return s, directory(t, Config{URL: "ldap://" + s.address, DN: template})
		},
		"search": func(t *testing.T) (*server, *Directory) {
			s := startServer(t, nil, false)
			return s, directory(t, Config{
				URL: "ldap://" + s.address, Base: base, Filter: filter, BindDN: searcher, BindPassword: "searching", Connections: 3,
			})
		},
		"StartTLS": func(t *testing.T) (*server, *Directory) {
			s := startServer(t, secure, false)
			return s, directory(t, Config{URL: "ldap://" + s.address, StartTLS: true, CAs: trusted, DN: template})
		},
		"ldaps": func(t *testing.T) (*server, *Directory) {
			s := startServer(t, secure, true)
			return s, directory(t, Config{
				URL: "ldaps://" + s.address, CAs: trusted, Base: base, Filter: filter, BindDN: searcher, BindPassword: "searching",
			})
		},
	}
}

func TestADirectoryIsAVerifier(t *testing.T) {
	t.Parallel()
	for name, way := range ways() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			authtest.Run(t, func(t *testing.T) *authtest.World {
				s, d := way(t)
				return &authtest.World{
					Verifier: d,
					Right: func(account events.JID) string {
						return s.entries["uid="+account.Local()+",ou=people,dc=example,dc=org"]["userPassword"]
					},
					Wrong:  []string{"paper", "searching"}, // another entry's
					Faults: s.faults(),
					Mend: func() {
						s.stop()
						s.fault.Store(nil)
						s.start()
					},
				}
			})
		})
	}
}

// faults are all that a directory can do wrong.
func (s *server) faults() map[string]func() {
	by := func(answer func(c net.Conn, id int64, request *ber.Packet) bool) func() {
		fault := func(c net.Conn, p *ber.Packet) bool { return answer(c, p.Children[0].Value.(int64), p.Children[1]) }
		return func() { s.fault.Store(&fault) }
	}
	done := func(request *ber.Packet) ber.Tag { return request.Tag + 1 } // a bind's; a search's is two behind
	return map[string]func(){
		"gone":        s.stop,
		"it hangs":    by(func(net.Conn, int64, *ber.Packet) bool { return true }),
		"it hangs up": by(func(net.Conn, int64, *ber.Packet) bool { return false }),
		"it is busy": by(func(c net.Conn, id int64, r *ber.Packet) bool {
			tag := done(r)
			if r.Tag == ldap.ApplicationSearchRequest {
				tag = ldap.ApplicationSearchResultDone
			}
			c.Write(result(id, tag, ldap.LDAPResultBusy))
			return true
		}),
		"no LDAP": by(func(c net.Conn, _ int64, _ *ber.Packet) bool {
			c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n"))
			return true
		}),
		"an answer to something else": by(func(c net.Conn, id int64, r *ber.Packet) bool {
			c.Write(result(id+1000, done(r), 0))
			return true
		}),
		"too much": by(func(c net.Conn, id int64, _ *ber.Packet) bool {
			for {
				if _, err := c.Write(found(id, "uid="+strings.Repeat("x", 10_000))); err != nil {
					return false
				}
			}
		}),
		"too long": by(func(c net.Conn, _ int64, _ *ber.Packet) bool {
			c.Write([]byte{0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x04, 0x84, 0x7f, 0xff, 0xff, 0xf0})
			for {
				if _, err := c.Write(make([]byte, 10_000)); err != nil {
					return false
				}
			}
		}),
		"drop by drop": by(func(c net.Conn, id int64, r *ber.Packet) bool {
			for _, b := range result(id, done(r), 0) {
				if _, err := c.Write([]byte{b}); err != nil {
					return false
				}
				<-time.After(50 * time.Millisecond)
			}
			return true
		}),
	}
}

// A bind without a password is one that succeeds as nobody (RFC 4513, 5.1.2).
func TestAnEmptyPasswordNeverReachesTheDirectory(t *testing.T) {
	t.Parallel()
	for name, way := range ways() {
		s, d := way(t)
		if err := d.Check(t.Context(), authtest.Alice, ""); !errors.Is(err, auth.ErrWrongPassword) || s.binds.Load() > 0 {
			t.Errorf("%s: %v after %d binds", name, err, s.binds.Load())
		}
	}
}

func TestAnEntryWithoutANameOrOneOfSeveralIsNobodys(t *testing.T) {
	t.Parallel()
	for name, entries := range map[string]map[string]map[string]string{
		"no name": {"": {"uid": "alice", "objectClass": "person"}},
		"two": {
			"uid=alice,ou=a": {"uid": "alice", "objectClass": "person", "userPassword": "x"},
			"uid=alice,ou=b": {"uid": "alice", "objectClass": "person", "userPassword": "x"},
		},
	} {
		s, d := ways()["search"](t)
		entries[searcher] = users()[searcher]
		s.entries = entries
		if err := d.Check(t.Context(), authtest.Alice, "x"); auth.IsAnswer(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A service whose own password is wrong says nothing of the user's.
func TestWhoeverSearchesMustBeLetIn(t *testing.T) {
	t.Parallel()
	s := startServer(t, nil, false)
	for _, cfg := range []Config{
		{BindDN: searcher, BindPassword: "wrong"},
		{}, // as nobody, which this directory lets search nothing
	} {
		cfg.URL, cfg.Base, cfg.Filter = "ldap://"+s.address, base, filter
		err := directory(t, cfg).Check(t.Context(), authtest.Alice, "wonder land")
		if auth.IsAnswer(err) {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

func TestADirectoryWhoseCertificateIsNotTrustedIsToldNothing(t *testing.T) {
	t.Parallel()
	cert, _ := certificate()
	for _, direct := range []bool{true, false} {
		s := startServer(t, &tls.Config{Certificates: []tls.Certificate{cert}}, direct)
		cfg := Config{URL: "ldap://" + s.address, StartTLS: true, DN: template}
		if direct {
			cfg.URL, cfg.StartTLS = "ldaps://"+s.address, false
		}
		err := directory(t, cfg).Check(t.Context(), authtest.Alice, "wonder land")
		if auth.IsAnswer(err) || s.binds.Load() > 0 {
			t.Errorf("%v after %d binds", err, s.binds.Load())
		}
	}
}

// More questions than connections wait for one, as long as they have time.
func TestConnectionsAreBoundedAndUsedAgain(t *testing.T) {
	t.Parallel()
	s, d := ways()["search"](t)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if err := d.Check(t.Context(), authtest.Alice, "wonder land"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	s.mu.Lock()
	made := len(s.conns)
	s.mu.Unlock()
	if made > 3 {
		t.Errorf("there were %d connections", made)
	}
	hang := func(net.Conn, *ber.Packet) bool { return true }
	s.fault.Store(&hang)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	for range 10 {
		all.Go(func() {
			if err := d.Check(ctx, authtest.Alice, "wonder land"); auth.IsAnswer(err) {
				t.Errorf("it is %v", err)
			}
		})
	}
	all.Wait()
}

func TestConfigurationsThatCanNotWorkAreRefused(t *testing.T) {
	t.Parallel()
	good := Config{URL: "ldaps://ldap.example.org", DN: template}
	search := Config{URL: "ldaps://ldap.example.org", Base: base, Filter: filter}
	for want, cfg := range map[string]Config{
		"in the clear":            {URL: "ldap://ldap.example.org", DN: template},
		"starttls is for ldap://": {URL: "ldaps://ldap.example.org", StartTLS: true, DN: template},
		"is not ldaps://HOST":     {URL: "http://ldap.example.org", DN: template},
		"is not ldaps://HOST or":  {URL: "ldaps://ldap.example.org/dc=x", DN: template},
		"either dn, or base":      {URL: good.URL},
		"either dn":               {URL: good.URL, DN: template, Base: base, Filter: filter},
		"go together":             {URL: good.URL, Base: base},
		"bind-dn is for":          {URL: good.URL, DN: template, BindDN: searcher, BindPassword: "x"},
		"needs a password":        {URL: good.URL, Base: base, Filter: filter, BindDN: searcher},
		"{user} is not in":        {URL: good.URL, DN: "uid=x"},
		"dn: ":                    {URL: good.URL, DN: "{user}"},
		"filter: ":                {URL: good.URL, Base: base, Filter: "(uid={user}"},
	} {
		if _, err := New(cfg); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %s", cfg, err, want)
		}
	}
	for _, cfg := range []Config{good, search, {URL: "ldap://localhost", DN: template}, {URL: "ldap://[::1]:3890/", DN: template}, {URL: "ldap://x", StartTLS: true, DN: template}} {
		if _, err := New(cfg); err != nil {
			t.Errorf("%+v: %v", cfg, err)
		}
	}
}

func TestNamesAreValuesAndNothingElse(t *testing.T) {
	t.Parallel()
	cfg := Config{DN: template, Filter: "(uid={user})"}
	for user, want := range map[string][2]string{
		"alice":      {"uid=alice,ou=people,dc=example,dc=org", "(uid=alice)"},
		"a,ou=x":     {`uid=a\,ou=x,ou=people,dc=example,dc=org`, "(uid=a,ou=x)"},
		"*)(uid=*":   {`uid=*)(uid=*,ou=people,dc=example,dc=org`, `(uid=\2a\29\28uid=\2a)`},
		"{domain}":   {"uid={domain},ou=people,dc=example,dc=org", "(uid={domain})"},
		"\\":         {`uid=\\,ou=people,dc=example,dc=org`, `(uid=\5c)`},
		"#a+b<c>;\"": {`uid=\#a\+b\<c\>\;\",ou=people,dc=example,dc=org`, `(uid=#a+b<c>;")`},
		"é":          {`uid=é,ou=people,dc=example,dc=org`, `(uid=\c3\a9)`},
	} {
		if dn, f := cfg.dn(user, "example.org"), cfg.filter(user, "example.org"); dn != want[0] || f != want[1] {
			t.Errorf("%s: %s and %s", user, dn, f)
		}
	}
}

// Package ldap runs what asks LDAP against OpenLDAP's slapd: the suite of package
// authtest, and a service whose users are the directory's.
package ldap

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth/authtest"
	"github.com/rollcall-xmpp/rollcall/session/auth/ldap"
)

const (
	base     = "dc=example,dc=org"
	searcher = "cn=search," + base
)

// passwords are those of the users.
var passwords = map[string]string{"alice": "wonder land", "bob": "pässword"}

// slapdConf has a directory that takes a bind without a password for one as nobody, as
// many do, and in which only the searcher may search.
const slapdConf = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCertificateFile DIR/cert.pem
TLSCertificateKeyFile DIR/key.pem
allow bind_anon_cred bind_anon_dn
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
directory DIR
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="cn=search,dc=example,dc=org" read by anonymous auth by * none
`

func ldif() string {
	text := `dn: dc=example,dc=org
objectClass: domain
dc: example

dn: cn=search,dc=example,dc=org
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: search
userPassword: searching

dn: ou=people,dc=example,dc=org
objectClass: organizationalUnit
ou: people
`
	for uid, password := range passwords {
		text += fmt.Sprintf("\ndn: uid=%s,ou=people,dc=example,dc=org\nobjectClass: inetOrgPerson\nuid: %[1]s\ncn: %[1]s\nsn: x\nuserPassword: %s\n", uid, password)
	}
	return text
}

// A slapd is a directory with two users, on ports of its own.
type slapd struct {
	t            *testing.T
	dir          string
	plain, tls   string // host:port
	program      *exec.Cmd
	certificates *x509.CertPool
}

func startSlapd(t *testing.T) *slapd {
	t.Helper()
	if _, err := exec.LookPath("slapd"); err != nil {
		t.Fatal("slapd is not there: .ci/run install installs it (apt-get install slapd)")
	}
	s := &slapd{t: t, dir: t.TempDir(), plain: freePort(t), tls: freePort(t), certificates: x509.NewCertPool()}
	s.certify()
	s.write("slapd.conf", strings.ReplaceAll(slapdConf, "DIR", s.dir))
	s.write("data.ldif", ldif())
	if out, err := exec.Command("slapadd", "-f", s.file("slapd.conf"), "-l", s.file("data.ldif")).CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v: %s", err, out)
	}
	s.start()
	t.Cleanup(s.kill)
	return s
}

func (s *slapd) file(name string) string { return filepath.Join(s.dir, name) }

func (s *slapd) write(name, text string) {
	s.t.Helper()
	if err := os.WriteFile(s.file(name), []byte(text), 0o600); err != nil {
		s.t.Fatal(err)
	}
}

// certify makes the directory's certificate, which is its own authority.
func (s *slapd) certify() {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	s.certificates.AppendCertsFromPEM(text)
	s.write("cert.pem", string(text))
	s.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

// start starts the program, and returns when it listens.
func (s *slapd) start() {
	s.program = exec.Command("slapd", "-f", s.file("slapd.conf"), "-h", "ldap://"+s.plain+" ldaps://"+s.tls, "-d", "0")
	s.program.Stderr = os.Stderr
	if err := s.program.Start(); err != nil {
		s.t.Fatal(err)
	}
	for end := time.Now().Add(20 * time.Second); ; {
		c, err := net.Dial("tcp", s.tls)
		if err == nil {
			c.Close()
			return
		}
		if time.Now().After(end) {
			s.t.Fatalf("slapd does not listen: %v", err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func (s *slapd) kill() {
	s.program.Process.Signal(syscall.SIGCONT)
	s.program.Process.Kill()
	s.program.Wait()
}

// freeze stops the program, all its threads, before it returns.
func (s *slapd) freeze() {
	s.program.Process.Signal(syscall.SIGSTOP)
	tasks := fmt.Sprintf("/proc/%d/task/*/stat", s.program.Process.Pid)
	for running := true; running; <-time.After(time.Millisecond) {
		running = false
		stats, _ := filepath.Glob(tasks)
		for _, stat := range stats {
			text, _ := os.ReadFile(stat)
			running = running || !strings.Contains(string(text), ") T ")
		}
	}
}

func (s *slapd) thaw() { s.program.Process.Signal(syscall.SIGCONT) }

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestSlapdIsAVerifier(t *testing.T) {
	byName := ldap.Config{DN: "uid={user},ou=people," + base}
	bySearch := ldap.Config{Base: base, Filter: "(&(objectClass=inetOrgPerson)(uid={user}))", BindDN: searcher, BindPassword: "searching"}
	for name, way := range map[string]func(s *slapd, c *ldap.Config){
		"in the clear": func(s *slapd, c *ldap.Config) { c.URL = "ldap://" + s.plain },
		"StartTLS":     func(s *slapd, c *ldap.Config) { c.URL, c.StartTLS, c.CAs = "ldap://"+s.plain, true, s.certificates },
		"ldaps":        func(s *slapd, c *ldap.Config) { c.URL, c.CAs = "ldaps://"+s.tls, s.certificates },
	} {
		for kind, cfg := range map[string]ldap.Config{"by name": byName, "by search": bySearch} {
			t.Run(name+", "+kind, func(t *testing.T) {
				authtest.Run(t, func(t *testing.T) *authtest.World {
					s := startSlapd(t)
					c := cfg
					way(s, &c)
					d, err := ldap.New(c)
					if err != nil {
						t.Fatal(err)
					}
					t.Cleanup(d.Close)
					mend := s.thaw
					return &authtest.World{
						Verifier: d,
						Right:    func(account events.JID) string { return passwords[account.Local()] },
						Wrong:    []string{"searching"},
						Faults: map[string]func(){
							"frozen": s.freeze,
							"killed": func() {
								s.kill()
								mend = s.start
							},
						},
						Mend: func() { mend() },
					}
				})
			})
		}
	}
}

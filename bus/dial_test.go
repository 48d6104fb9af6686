package bus_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
)

// file writes one that only its owner can read.
func file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	must(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// newUser makes an nkey, and gives its public half and a file with its seed.
func newUser(t *testing.T) (public, seedFile string) {
	t.Helper()
	key, err := nkeys.CreateUser()
	must(t, err)
	public, err = key.PublicKey()
	must(t, err)
	seed, err := key.Seed()
	must(t, err)
	return public, file(t, "user.nk", string(seed))
}

// A dialled is an attempt to connect, and the error that it ends with; nil: it connects.
type dialled struct {
	credentials bus.Credentials
	url         string
	want        error
}

func dialAll(t *testing.T, all map[string]dialled) {
	t.Helper()
	for name, d := range all {
		b, err := bus.Connect(within(t), bus.Config{URL: d.url, Credentials: d.credentials})
		if err == nil {
			b.Close()
		}
		if !errors.Is(err, d.want) {
			t.Errorf("%s: %v, want %v", name, err, d.want)
		}
		if err != nil && (strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "\n")) {
			t.Errorf("%s: %q", name, err)
		}
	}
}

func TestCredentialsOpenAServerThatWantsThem(t *testing.T) {
	t.Parallel()
	known, seed := newUser(t)
	_, unknown := newUser(t)
	server := bustest.StartServer(t, "-c", file(t, "nats.conf", fmt.Sprintf(
		"authorization { users: [ { user: bob, password: secret }, { nkey: %s } ] }", known)))
	token := bustest.StartServer(t, "--auth", "s3cr3t-token")
	dialAll(t, map[string]dialled{
		"nothing":             {bus.Credentials{}, server.URL, bus.ErrNoCredentials},
		"the password":        {bus.Credentials{User: "bob", Password: "secret"}, server.URL, nil},
		"a wrong one":         {bus.Credentials{User: "bob", Password: "secreT"}, server.URL, bus.ErrRefused},
		"nobody's name":       {bus.Credentials{User: "eve", Password: "secret"}, server.URL, bus.ErrRefused},
		"the key":             {bus.Credentials{Seed: seed}, server.URL, nil},
		"another one":         {bus.Credentials{Seed: unknown}, server.URL, bus.ErrRefused},
		"a file without one":  {bus.Credentials{Seed: file(t, "x.nk", "secret")}, server.URL, bus.ErrCredentials},
		"no file":             {bus.Credentials{Seed: "/nowhere/x.nk"}, server.URL, bus.ErrCredentials},
		"no credentials file": {bus.Credentials{File: "/nowhere/x.creds"}, server.URL, bus.ErrCredentials},
		"a key where none is": {bus.Credentials{Seed: seed}, bustest.StartServer(t).URL, bus.ErrRefused},
		"the token":           {bus.Credentials{Token: "s3cr3t-token"}, token.URL, nil},
		"another token":       {bus.Credentials{Token: "other"}, token.URL, bus.ErrRefused},
		"nobody there":        {bus.Credentials{User: "bob", Password: "secret"}, "nats://127.0.0.1:1", bus.ErrUnreachable},
	})
}

// An authority that signs certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string // with its certificate
}

var serials = big.NewInt(time.Now().UnixNano())

// issue makes a certificate of an authority, or that of a new authority, and the files of it and
// of its key.
func issue(t *testing.T, by *authority, use x509.ExtKeyUsage) (certFile, keyFile string, a *authority) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: new(big.Int).Add(serials, big.NewInt(time.Now().UnixNano())), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), BasicConstraintsValid: true,
	}
	parent, signer := template, key
	if by == nil {
		template.IsCA, template.KeyUsage = true, x509.KeyUsageCertSign
	} else {
		parent, signer = by.cert, by.key
		template.ExtKeyUsage, template.IPAddresses = []x509.ExtKeyUsage{use}, []net.IP{net.IPv4(127, 0, 0, 1)}
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	must(t, err)
	cert, err := x509.ParseCertificate(raw)
	must(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	certFile = file(t, "cert.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})))
	keyFile = file(t, "key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
	return certFile, keyFile, &authority{cert, key, certFile}
}

func TestCertificatesAreCheckedOnBothSides(t *testing.T) {
	t.Parallel()
	_, _, ca := issue(t, nil, 0)
	_, _, stranger := issue(t, nil, 0)
	cert, key, _ := issue(t, ca, x509.ExtKeyUsageServerAuth)
	mine, mineKey, _ := issue(t, ca, x509.ExtKeyUsageClientAuth)
	other, otherKey, _ := issue(t, stranger, x509.ExtKeyUsageClientAuth)
	tls := bustest.StartServer(t, "--tls", "--tlscert", cert, "--tlskey", key)
	both := bustest.StartServer(t, "--tlsverify", "--tlscert", cert, "--tlskey", key, "--tlscacert", ca.file)
	byName := strings.Replace(tls.URL, "127.0.0.1", "localhost", 1)
	plain := bustest.StartServer(t)
	asTLS := strings.Replace(plain.URL, "nats://", "tls://", 1)
	dialAll(t, map[string]dialled{
		"its authority":              {bus.Credentials{CA: ca.file}, tls.URL, nil},
		"this machine's authorities": {bus.Credentials{}, tls.URL, bus.ErrUntrusted},
		"another authority":          {bus.Credentials{CA: stranger.file}, tls.URL, bus.ErrUntrusted},
		"another name":               {bus.Credentials{CA: ca.file}, byName, bus.ErrUntrusted},
		"pinned, another name":       {bus.Credentials{Pin: cert}, byName, nil},
		"pinned in a directory":      {bus.Credentials{Pin: filepath.Dir(cert)}, tls.URL, nil},
		"pinned to another":          {bus.Credentials{Pin: mine}, tls.URL, bus.ErrUntrusted},
		"a client's":                 {bus.Credentials{CA: ca.file, Cert: mine, Key: mineKey}, both.URL, nil},
		"none of a client":           {bus.Credentials{CA: ca.file}, both.URL, bus.ErrWantsCertificate},
		"one of a stranger":          {bus.Credentials{CA: ca.file, Cert: other, Key: otherKey}, both.URL, bus.ErrWantsCertificate},
		"no TLS":                     {bus.Credentials{}, asTLS, bus.ErrNoTLS},
		"an authority, no TLS":       {bus.Credentials{CA: ca.file}, plain.URL, bus.ErrNoTLS},
		"no authority in the file":   {bus.Credentials{CA: key}, tls.URL, bus.ErrCredentials},
		"a key of another":           {bus.Credentials{CA: ca.file, Cert: mine, Key: otherKey}, both.URL, bus.ErrCredentials},
	})
}

// creds makes a server whose users have JWTs, and files of credentials for some: one that is
// good, one whose time is over, and one of an account that the server doesn't know.
func creds(t *testing.T) (url, good, expired, foreign string) {
	t.Helper()
	operator, err := nkeys.CreateOperator()
	must(t, err)
	operatorID, err := operator.PublicKey()
	must(t, err)
	operatorJWT, err := jwt.NewOperatorClaims(operatorID).Encode(operator)
	must(t, err)
	account := func(streams jwt.JetStreamLimits) (nkeys.KeyPair, string, string) {
		key, err := nkeys.CreateAccount()
		must(t, err)
		id, err := key.PublicKey()
		must(t, err)
		claims := jwt.NewAccountClaims(id)
		claims.Limits.JetStreamLimits = streams
		text, err := claims.Encode(operator)
		must(t, err)
		return key, id, text
	}
	user := func(of nkeys.KeyPair, until time.Time) string {
		key, err := nkeys.CreateUser()
		must(t, err)
		id, err := key.PublicKey()
		must(t, err)
		claims := jwt.NewUserClaims(id)
		if !until.IsZero() {
			claims.Expires = until.Unix()
		}
		text, err := claims.Encode(of)
		must(t, err)
		seed, err := key.Seed()
		must(t, err)
		both, err := jwt.FormatUserConfig(text, seed)
		must(t, err)
		return file(t, "user.creds", string(both))
	}
	any := jwt.JetStreamLimits{DiskStorage: -1, MemoryStorage: -1, Streams: -1, Consumer: -1}
	known, id, text := account(any)
	stranger, _, _ := account(any)
	_, systemID, systemText := account(jwt.JetStreamLimits{})
	server := bustest.StartServer(t, "-c", file(t, "nats.conf", fmt.Sprintf(
		"operator: %s\nsystem_account: %s\nresolver: MEMORY\nresolver_preload: { %s: %s, %s: %s }", operatorJWT, systemID, id, text, systemID, systemText)))
	return server.URL, user(known, time.Time{}), user(known, time.Now().Add(-time.Hour)), user(stranger, time.Time{})
}

func TestCredentialsThatHaveExpiredAreToldFromWrongOnes(t *testing.T) {
	t.Parallel()
	url, good, expired, foreign := creds(t)
	dialAll(t, map[string]dialled{
		"good ones":  {bus.Credentials{File: good}, url, nil},
		"old ones":   {bus.Credentials{File: expired}, url, bus.ErrExpired},
		"foreign":    {bus.Credentials{File: foreign}, url, bus.ErrRefused},
		"a password": {bus.Credentials{User: "bob", Password: "secret"}, url, bus.ErrRefused},
		"nothing":    {bus.Credentials{}, url, bus.ErrNoCredentials},
	})
}

func TestTheEmbeddedServerIsForThoseWithItsKey(t *testing.T) {
	t.Parallel()
	s, other := serve(t, natsd.Options{Listen: "127.0.0.1:0"}), serve(t, natsd.Options{})
	dialAll(t, map[string]dialled{
		"the key":         {keyOf(s), s.URL(), nil},
		"that of another": {keyOf(other), s.URL(), bus.ErrRefused},
		"nothing":         {bus.Credentials{}, s.URL(), bus.ErrNoCredentials},
	})
	connect(t, bus.Config{InProcess: s})
}

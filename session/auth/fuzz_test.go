package auth

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"strings"
	"testing"
)

// Whatever a client sends for a token is one without what parts it from others, or is
// refused.
func FuzzBearer(f *testing.F) {
	for _, seed := range []string{
		"n,a=alice@localhost,\x01host=localhost\x01port=5222\x01auth=Bearer abc\x01\x01", "y,,\x01auth=bearer  x\x01\x01", "n,,\x01\x01", "", "\x01\x01\x01",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, msg []byte) {
		_, token, err := splitBearer(msg)
		if (err == nil) != (token != "") || strings.ContainsAny(token, "\x00\x01") {
			t.Errorf("%q is the token of %q, %v", token, msg, err)
		}
	})
}

// A certificate's alternative names are whatever its authority has signed.
func FuzzXMPPAddrs(f *testing.F) {
	ext := altNames(f, "alice@localhost", "bob@localhost")
	f.Add(ext.Value)
	f.Add([]byte{0x30, 0x80})
	f.Fuzz(func(t *testing.T, der []byte) {
		cert := &x509.Certificate{Extensions: []pkix.Extension{{Id: oidAltName, Value: der}}}
		if n := len(xmppAddrs(cert)); n > len(der) {
			t.Errorf("%d names in %d bytes", n, len(der))
		}
	})
}

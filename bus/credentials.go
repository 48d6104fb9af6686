package bus

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

// ErrCredentials: a file of Credentials can't be read, or isn't what it should be.
var ErrCredentials = errors.New("credentials")

// Credentials say who connects to NATS, and by what the server is known. File and Pin are read
// again at every new connection. The zero value names nobody, and trusts a server's certificate
// as this machine does.
type Credentials struct {
	// One of these at most: what the server knows us by.
	File           string // with a JWT and its nkey (.creds)
	Seed           string // file with the seed of an nkey
	User, Password string
	Token          string

	Cert, Key string // PEM files of the certificate that a server may ask for
	CA        string // PEM file of the authorities that a server's certificate may be of; "": this machine's
	// Pin is a PEM file, or a directory of such, with the certificate that the server must have,
	// whatever names are in it: that of a server on this machine, which is reached at another name.
	Pin      string
	TLSFirst bool // the server expects TLS from the first byte on
}

// Given reports that there is something to show a server.
func (c *Credentials) Given() bool {
	return c.File+c.Seed+c.User+c.Token+c.Cert != ""
}

// Check fails with ErrCredentials if the files can't be used.
func (c *Credentials) Check() error {
	_, err := c.options()
	return err
}

// options are those of the client.
func (c *Credentials) options() (opts []nats.Option, err error) {
	switch {
	case c.File != "":
		if _, err := os.ReadFile(c.File); err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCredentials, err)
		}
		opts = append(opts, nats.UserCredentials(c.File))
	case c.Seed != "":
		seed, err := nats.NkeyOptionFromSeed(c.Seed)
		if err != nil {
			return nil, fmt.Errorf("%w: %s: %w", ErrCredentials, c.Seed, withoutPrefix(err))
		}
		opts = append(opts, seed)
	case c.User != "":
		opts = append(opts, nats.UserInfo(c.User, c.Password))
	case c.Token != "":
		opts = append(opts, nats.Token(c.Token))
	}
	if c.TLSFirst {
		opts = append(opts, nats.TLSHandshakeFirst())
	}
	if c.Cert+c.CA+c.Pin == "" {
		return opts, nil
	}
	secure, err := c.tls()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCredentials, err)
	}
	return append(opts, nats.Secure(secure)), nil
}

// tls is how a TLS connection is made, and checked.
func (c *Credentials) tls() (*tls.Config, error) {
	cfg := &tls.Config{MinVersion: tls.VersionTLS12}
	if c.Cert != "" {
		pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
		if err != nil {
			return nil, err
		}
		cfg.Certificates = []tls.Certificate{pair}
	}
	if c.CA != "" {
		text, err := os.ReadFile(c.CA)
		if err != nil {
			return nil, err
		}
		cfg.RootCAs = x509.NewCertPool()
		if !cfg.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate in PEM", c.CA)
		}
	}
	if c.Pin != "" {
		cfg.InsecureSkipVerify = true // VerifyConnection is stricter
		cfg.VerifyConnection = c.isPinned
	}
	return cfg, nil
}

// isPinned fails unless the server has shown a certificate that is in the file now, or in one
// of the directory's.
func (c *Credentials) isPinned(state tls.ConnectionState) error {
	shown := state.PeerCertificates[0]
	found := false
	err := filepath.WalkDir(c.Pin, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || found {
			return err
		}
		text, err := os.ReadFile(path)
		found = err == nil && hasCertificate(text, shown.Raw)
		return nil // the next file may have it
	})
	if err == nil && !found {
		err = x509.UnknownAuthorityError{Cert: shown}
	}
	return err
}

// hasCertificate reports that the text has a certificate in PEM, beside others or its key.
func hasCertificate(text, raw []byte) bool {
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" && bytes.Equal(block.Bytes, raw) {
			return true
		}
	}
	return false
}

// withoutPrefix is an error of the client without its name.
func withoutPrefix(err error) error {
	if text, ok := strings.CutPrefix(err.Error(), "nats: "); ok {
		return errors.New(text)
	}
	return err
}

// ended is when the JWT in File was good for the last time, if it is good no longer.
func (c *Credentials) ended(now time.Time) (at time.Time, ended bool) {
	text, err := os.ReadFile(c.File)
	if err != nil {
		return at, false
	}
	token, err := nkeys.ParseDecoratedJWT(text)
	if err != nil {
		return at, false
	}
	parts := strings.Split(token, ".")
	var claims struct {
		Expires int64 `json:"exp"`
	}
	if len(parts) != 3 {
		return at, false
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil || json.Unmarshal(payload, &claims) != nil || claims.Expires == 0 {
		return at, false
	}
	at = time.Unix(claims.Expires, 0)
	return at, !now.Before(at)
}

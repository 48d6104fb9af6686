package main

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/certs"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
)

// openCerts opens the certificates of whatever serves over TLS: those that the operator
// gave, or the self-signed one of the service, for which the bus has to be open.
func (n *node) openCerts(ctx context.Context) (err error) {
	if !n.cfg.needsCerts() {
		return nil
	}
	cfg := certs.Config{
		Domains: n.cfg.Domains, Cert: n.cfg.Cert, Key: n.cfg.Key, Dir: n.cfg.Certs, Logger: n.log,
	}
	flag := n.cfg.certsFlag()
	if !n.cfg.hasCerts() {
		flag = "--data"
		cfg.Cert = n.dir.file("tls.pem") // one file, so that key and certificate always belong together
		cfg.Key = cfg.Cert
		cfg.SelfSigned = &certs.SelfSigned{
			File: cfg.Cert, Domains: cfg.Domains, Docs: n.bus.Service(), Logger: n.log,
			Write: func(path string, data []byte) error { return writeFile(path, data, 0o600) },
		}
		if err := cfg.SelfSigned.Ensure(ctx); err != nil {
			return change(flag, err)
		}
	}
	if n.certs, err = certs.Open(cfg); err != nil {
		return change(flag, fmt.Errorf("certificate: %w", err))
	}
	return nil
}

// needsCerts reports that something is served over TLS.
func (c *Config) needsCerts() bool {
	return c.has(roleConnector) || c.HTTPTLS != "" || c.natsNeedsTLS()
}

// certsFlag names certificates that the operator gave.
func (c *Config) certsFlag() string {
	if c.Cert != "" {
		return "--cert and --key"
	}
	return "--certs"
}

// checkCerts opens the certificates that the operator gave. Defects that clients will not
// like are in notes, and a domain without a certificate is an error, which says why.
func (c *Config) checkCerts() (notes []string, err error) {
	if !c.needsCerts() || !c.hasCerts() {
		return nil, nil
	}
	set, err := certs.Open(certs.Config{Domains: c.Domains, Cert: c.Cert, Key: c.Key, Dir: c.Certs, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.certsFlag(), err)
	}
	for _, fault := range settings.Each(set.Unusable()) {
		notes = append(notes, fault.Error()+" (it is left out)")
	}
	for _, complaint := range set.Complaints() {
		notes = append(notes, complaint.File+": "+complaint.String())
	}
	return notes, nil
}

// tellFingerprint shows a self-signed certificate's fingerprints, so that a person whose
// client asks can compare; the long one in two lines of 16 bytes.
func tellFingerprint(line func(label, format string, args ...any), n *node) {
	if n.certs == nil || n.cfg.hasCerts() {
		return
	}
	for _, leaf := range n.certs.Leaves() {
		long, short := certs.Fingerprints(leaf)
		half := len(long)/2 + 1
		line("certificate", "SHA-256 %s", long[:half])
		line("", "        %s", long[half:])
		line("", "SHA-1   %s", short)
		return // it is the one of all domains
	}
}

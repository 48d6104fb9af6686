package main

import (
	"context"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/certs"
)

// openCerts opens the certificates of whatever serves over TLS: those that the operator
// gave, or the self-signed one of the service, for which the bus has to be open.
func (n *node) openCerts(ctx context.Context) (err error) {
	if !n.cfg.has(roleConnector) && n.cfg.HTTPTLS == "" && !n.cfg.natsNeedsTLS() {
		return nil
	}
	cfg := certs.Config{
		Domains: n.cfg.Domains, Cert: n.cfg.Cert, Key: n.cfg.Key, Dir: n.cfg.Certs, Logger: n.log,
	}
	flag := "--certs"
	switch {
	case n.cfg.Cert != "":
		flag = "--cert and --key"
	case n.cfg.Certs == "":
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

package auth

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A CertificateName says where a client's certificate names accounts.
type CertificateName string

const (
	// XMPPAddr is the JID that RFC 6120, section 13.7.1.4 has for it.
	XMPPAddr CertificateName = "xmpp-addr"
	// Email is an e-mail address that is a JID, too.
	Email CertificateName = "email"
	// CommonName is the subject's: a JID, or a localpart.
	CommonName CertificateName = "cn"
)

// Certificates says which certificates of clients let them in (XEP-0178). It is not
// changed once it is in use.
type Certificates struct {
	// Roots are the authorities whose word it is.
	Roots *x509.CertPool
	// Names are where to look for accounts, none: in [XMPPAddr] alone.
	Names []CertificateName
	// Now is the clock that certificates end by; nil: time.Now.
	Now func() time.Time
}

// accounts are those of a domain that a client's chain names, without repetition; none
// if it is not valid for a client. That a certificate was revoked is not known.
func (c *Certificates) accounts(chain []*x509.Certificate, domain string) (list []events.JID) {
	if c == nil || len(chain) == 0 || !c.valid(chain) {
		return nil
	}
	for _, name := range c.names(chain[0], domain) {
		j, err := events.ParseJID(name)
		if err == nil && j.Local() != "" && j.IsBare() && j.Domain() == domain && !slices.Contains(list, j) {
			list = append(list, j)
		}
	}
	return list
}

// valid checks the chain. That the alternative names of the client's own are critical,
// as they must be where the subject is empty (RFC 5280, 4.2.1.6), is no reason to refuse
// it: xmppAddrs knows those that the library does not.
func (c *Certificates) valid(chain []*x509.Certificate) bool {
	opts := x509.VerifyOptions{
		Roots: c.Roots, Intermediates: x509.NewCertPool(), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if c.Now != nil {
		opts.CurrentTime = c.Now()
	}
	for _, other := range chain[1:] {
		opts.Intermediates.AddCert(other)
	}
	leaf := *chain[0]
	leaf.UnhandledCriticalExtensions = slices.DeleteFunc(
		slices.Clone(leaf.UnhandledCriticalExtensions), func(id asn1.ObjectIdentifier) bool { return id.Equal(oidAltName) },
	)
	_, err := leaf.Verify(opts)
	return err == nil
}

func (c *Certificates) names(leaf *x509.Certificate, domain string) (all []string) {
	where := c.Names
	if len(where) == 0 {
		where = []CertificateName{XMPPAddr}
	}
	for _, w := range where {
		switch w {
		case XMPPAddr:
			all = append(all, xmppAddrs(leaf)...)
		case Email:
			all = append(all, leaf.EmailAddresses...)
		case CommonName:
			cn := leaf.Subject.CommonName
			if !strings.Contains(cn, "@") {
				cn += "@" + domain
			}
			all = append(all, cn)
		}
	}
	return all
}

var (
	oidAltName  = asn1.ObjectIdentifier{2, 5, 29, 17}
	oidXMPPAddr = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 8, 5} // RFC 6120, 13.7.1.4
)

// xmppAddrs are the JIDs among a certificate's alternative names, which the library
// passes over: each is an otherName (RFC 5280, 4.2.1.6).
func xmppAddrs(leaf *x509.Certificate) (all []string) {
	for _, ext := range leaf.Extensions {
		if !ext.Id.Equal(oidAltName) {
			continue
		}
		var names []asn1.RawValue
		if rest, err := asn1.Unmarshal(ext.Value, &names); err != nil || len(rest) > 0 {
			return nil
		}
		for _, name := range names {
			var other struct {
				ID    asn1.ObjectIdentifier
				Value asn1.RawValue `asn1:"tag:0,explicit"`
			}
			if name.Class != asn1.ClassContextSpecific || name.Tag != 0 {
				continue
			}
			if _, err := asn1.UnmarshalWithParams(name.FullBytes, &other, "tag:0"); err != nil || !other.ID.Equal(oidXMPPAddr) {
				continue
			}
			var jid string
			if _, err := asn1.UnmarshalWithParams(other.Value.Bytes, &jid, "utf8"); err == nil {
				all = append(all, jid)
			}
		}
	}
	return all
}

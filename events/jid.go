package events

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// ErrInvalidJID is wrapped by every error of [ParseJID]. On a stream it is
// jid-malformed (RFC 6120, 8.3.3.8).
var ErrInvalidJID = errors.New("invalid JID")

// A JID is a Jabber identifier (RFC 7622): domain, local@domain,
// domain/resource or local@domain/resource. It is one string and two offsets,
// so that its parts and its bare form cost no allocation. JIDs made by
// [ParseJID] are prepared: they are equal under == exactly if they name the
// same entity. The zero JID names nobody.
type JID struct {
	s    string
	at   uint16 // length of the localpart; 0 if there is none
	bare uint16 // length of the bare JID
}

// ParseJID prepares and checks every part of s (RFC 7622, 3): the localpart by
// the UsernameCaseMapped profile, the domainpart by IDNA, the resourcepart by
// OpaqueString.
func ParseJID(s string) (JID, error) {
	if !utf8.ValidString(s) {
		return JID{}, errNotUTF8
	}
	local, domain, resource, err := splitJID(s)
	if err != nil {
		return JID{}, err
	}
	if domain, err = prepareDomain(domain); err != nil {
		return JID{}, err
	}
	if local != "" {
		if local, err = PrepareLocal(local); err != nil {
			return JID{}, err
		}
	}
	if resource != "" {
		if resource, err = PrepareResource(resource); err != nil {
			return JID{}, err
		}
	}
	return joinJID(local, domain, resource), nil
}

// NewJID makes a JID of parts that may be empty, but for the domain. Each is
// prepared as by [ParseJID].
func NewJID(local, domain, resource string) (JID, error) {
	if strings.ContainsAny(local, "@/") || strings.ContainsAny(domain, "@/") {
		return JID{}, fmt.Errorf("%w: a part has @ or /", ErrInvalidJID)
	}
	s := domain
	if local != "" {
		s = local + "@" + s
	}
	if resource != "" {
		s += "/" + resource
	}
	return ParseJID(s)
}

// StoredJID makes a JID of text that a JID's String returned before, without
// preparing it again. The JID refers to s. It is for reading stored data:
// never give it what a client sent.
func StoredJID(s string) JID {
	bare := len(s)
	if i := strings.IndexByte(s, '/'); i >= 0 {
		bare = i
	}
	at := max(strings.IndexByte(s[:bare], '@'), 0)
	if bare > 2*maxPart+1 {
		return JID{}
	}
	return JID{s: s, at: uint16(at), bare: uint16(bare)}
}

func splitJID(s string) (local, domain, resource string, err error) {
	// The resource is cut first: it may contain @ and / (RFC 7622, 3.1).
	domain, resource, hasResource := strings.Cut(s, "/")
	if hasResource && resource == "" {
		return "", "", "", fmt.Errorf("%w: the resource after / is empty", ErrInvalidJID)
	}
	if i := strings.IndexByte(domain, '@'); i >= 0 {
		local, domain = domain[:i], domain[i+1:]
		if local == "" {
			return "", "", "", fmt.Errorf("%w: the part before @ is empty", ErrInvalidJID)
		}
	}
	if domain == "" {
		return "", "", "", fmt.Errorf("%w: the domain is empty", ErrInvalidJID)
	}
	return local, domain, resource, nil
}

func joinJID(local, domain, resource string) JID {
	n := len(domain)
	if local != "" {
		n += len(local) + 1
	}
	bare := n
	if resource != "" {
		n += len(resource) + 1
	}
	var b strings.Builder
	b.Grow(n)
	if local != "" {
		b.WriteString(local)
		b.WriteByte('@')
	}
	b.WriteString(domain)
	if resource != "" {
		b.WriteByte('/')
		b.WriteString(resource)
	}
	return JID{s: b.String(), at: uint16(len(local)), bare: uint16(bare)}
}

// String returns the JID's text.
func (j JID) String() string { return j.s }

// Local returns the localpart, "" if there is none.
func (j JID) Local() string { return j.s[:j.at] }

// Domain returns the domainpart.
func (j JID) Domain() string {
	if j.at == 0 {
		return j.s[:j.bare]
	}
	return j.s[j.at+1 : j.bare]
}

// Resource returns the resourcepart, "" for a bare JID.
func (j JID) Resource() string {
	if int(j.bare) == len(j.s) {
		return ""
	}
	return j.s[j.bare+1:]
}

// Bare returns the JID without its resource; it shares the text.
func (j JID) Bare() JID { return JID{s: j.s[:j.bare], at: j.at, bare: j.bare} }

// IsBare reports that the JID has no resource.
func (j JID) IsBare() bool { return int(j.bare) == len(j.s) }

// IsZero reports that the JID names nobody.
func (j JID) IsZero() bool { return j.s == "" }

// WithResource returns the bare JID with a resource, which it prepares.
func (j JID) WithResource(resource string) (JID, error) {
	r, err := PrepareResource(resource)
	if err != nil {
		return JID{}, err
	}
	return JID{s: j.s[:j.bare] + "/" + r, at: j.at, bare: j.bare}, nil
}

// Clone returns an equal JID with text of its own, for one that refers to a
// buffer and is to be kept.
func (j JID) Clone() JID {
	j.s = strings.Clone(j.s)
	return j
}

// MarshalText gives the JID's text, for JSON.
func (j JID) MarshalText() ([]byte, error) { return []byte(j.s), nil }

// UnmarshalText parses a JID. Empty text gives the zero JID.
func (j *JID) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*j = JID{}
		return nil
	}
	p, err := ParseJID(string(text))
	if err != nil {
		return err
	}
	*j = p
	return nil
}

// Compare orders JIDs by domain, then by account, then by resource, so that what
// belongs together stands together: less than 0 if j comes first, 0 if they are
// equal.
func (j JID) Compare(other JID) int {
	return cmp.Or(
		cmp.Compare(j.Domain(), other.Domain()),
		cmp.Compare(j.Local(), other.Local()),
		cmp.Compare(j.Resource(), other.Resource()),
	)
}

package ldap

import (
	"crypto/tls"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	"github.com/go-ldap/ldap/v3"
)

// A server is a small directory: it binds, searches by equality, and can fail.
type server struct {
	t       *testing.T
	address string
	tls     *tls.Config
	direct  bool                         // TLS from the beginning
	entries map[string]map[string]string // attributes by name of the entry

	fault atomic.Pointer[func(c net.Conn, request *ber.Packet) bool] // answers in the server's place; false: hang up
	binds atomic.Int64

	mu       sync.Mutex
	listener net.Listener
	conns    map[net.Conn]bool // guarded
	all      sync.WaitGroup
}

// users are two, and a service that may search.
func users() map[string]map[string]string {
	return map[string]map[string]string{
		"cn=search,dc=example,dc=org":             {"userPassword": "searching"},
		"uid=alice,ou=people,dc=example,dc=org":   {"uid": "alice", "userPassword": "wonder land", "objectClass": "person"},
		"uid=bob,ou=people,dc=example,dc=org":     {"uid": "bob", "userPassword": "pässword", "objectClass": "person"},
		"uid=alice,ou=printers,dc=example,dc=org": {"uid": "alice", "userPassword": "paper", "objectClass": "device"},
	}
}

func startServer(t *testing.T, cfg *tls.Config, direct bool) *server {
	s := &server{t: t, tls: cfg, direct: direct, entries: users(), address: "127.0.0.1:0", conns: map[net.Conn]bool{}}
	s.start()
	t.Cleanup(func() {
		s.stop()
		s.all.Wait()
	})
	return s
}

// start listens, at the same address as before.
func (s *server) start() {
	l, err := net.Listen("tcp", s.address)
	if err != nil {
		s.t.Error(err)
		return
	}
	s.mu.Lock()
	s.listener, s.address = l, l.Addr().String()
	s.mu.Unlock()
	s.all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.mu.Lock()
			s.conns[c] = true
			s.mu.Unlock()
			s.all.Go(func() { s.serve(c) })
		}
	})
}

// stop ends the server as a kill does.
func (s *server) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listener.Close()
	for c := range s.conns {
		c.Close()
	}
}

func (s *server) serve(c net.Conn) {
	defer c.Close()
	if s.direct {
		c = tls.Server(c, s.tls)
	}
	user := ""
	for {
		p, err := ber.ReadPacket(c)
		if err != nil || len(p.Children) < 2 {
			return
		}
		if fault := s.fault.Load(); fault != nil {
			if !(*fault)(c, p) {
				return
			}
			continue
		}
		id, request := p.Children[0].Value.(int64), p.Children[1]
		switch request.Tag {
		case ldap.ApplicationBindRequest:
			s.binds.Add(1)
			name, password := request.Children[1].Value.(string), request.Children[2].Data.String()
			code := s.bind(name, password)
			if user = ""; code == 0 {
				user = name
			}
			c.Write(result(id, ldap.ApplicationBindResponse, code))
		case ldap.ApplicationSearchRequest:
			s.search(c, id, request, user)
		case ldap.ApplicationExtendedRequest:
			c.Write(result(id, ldap.ApplicationExtendedResponse, 0))
			c = tls.Server(c, s.tls)
		default:
			return
		}
	}
}

// bind is RFC 4513, 5.1: without a password it succeeds as nobody.
func (s *server) bind(name, password string) int {
	entry, ok := s.entries[name]
	switch {
	case password == "", ok && entry["userPassword"] == password:
		return ldap.LDAPResultSuccess
	}
	return ldap.LDAPResultInvalidCredentials
}

// search gives the entries that match, to the service alone.
func (s *server) search(w io.Writer, id int64, request *ber.Packet, user string) {
	if user != "cn=search,dc=example,dc=org" {
		w.Write(result(id, ldap.ApplicationSearchResultDone, ldap.LDAPResultInsufficientAccessRights))
		return
	}
	for name, entry := range s.entries {
		if matches(request.Children[6], entry) {
			w.Write(found(id, name))
		}
	}
	w.Write(result(id, ldap.ApplicationSearchResultDone, ldap.LDAPResultSuccess))
}

func matches(filter *ber.Packet, entry map[string]string) bool {
	switch filter.Tag {
	case ldap.FilterAnd:
		for _, part := range filter.Children {
			if !matches(part, entry) {
				return false
			}
		}
		return true
	case ldap.FilterEqualityMatch:
		return entry[filter.Children[0].Value.(string)] == filter.Children[1].Value.(string)
	case ldap.FilterPresent:
		return entry[filter.Data.String()] != ""
	}
	return false
}

func message(id int64, op *ber.Packet) []byte {
	p := ber.NewSequence("")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	p.AppendChild(op)
	return p.Bytes()
}

func result(id int64, tag ber.Tag, code int) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, code, ""))
	op.AppendChild(text(""))
	op.AppendChild(text("you said wonder land, pässword, wrong-password and searching"))
	return message(id, op)
}

func found(id int64, name string) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldap.ApplicationSearchResultEntry, nil, "")
	op.AppendChild(text(name))
	op.AppendChild(ber.NewSequence(""))
	return message(id, op)
}

func text(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

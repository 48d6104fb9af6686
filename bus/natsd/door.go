package natsd

import (
	"encoding/base64"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"
)

const (
	// admitTimeout is how long a program waits at the door while nobody knows yet who may come
	// in, as after a start.
	admitTimeout = 5 * time.Second
	// lookAgain is how often it is asked whether those inside may stay.
	lookAgain = 2 * time.Second
)

// A door lets in whoever has the key of the data directory, and programs that somebody answers
// for. The server asks it for each connection, those within this process too, from many
// goroutines.
type door struct {
	file   string // of the key
	key    nkeys.KeyPair
	public string // of the key

	opened chan struct{}               // closed when admit is set
	admit  func(token string) *Program // not changed after opened is closed

	programs *programs // where those are that were let in; not changed after opened is closed

	mu     sync.Mutex
	inside map[uint64]*Program // guarded; by the server's number of the connection
}

// A Program is one that was let in with a token. It may do what is named here and nothing else:
// it publishes to whoever has the key, and subscribes to answers, and to the messages that
// programs publish to each other. No answer leaves their account, whatever subject a program
// wants it at.
type Program struct {
	Name               string   // as NATS shows it
	Publish, Subscribe []string // subjects, which may have wildcards
	Stays              func() bool
}

func newDoor(dataDir string) (*door, error) {
	key, err := loadKey(dataDir)
	if err != nil {
		return nil, err
	}
	public, err := key.PublicKey()
	return &door{
		file: KeyFile(dataDir), key: key, public: public,
		opened: make(chan struct{}), inside: make(map[uint64]*Program),
	}, err
}

// Check is the server's question. No key travels: whoever connects signs what the server has
// thought up for this connection. A program's token does travel.
func (d *door) Check(c server.ClientAuthentication) bool {
	if c.Kind() != server.CLIENT {
		return false
	}
	if token := c.GetOpts().Token; token != "" {
		return d.checkToken(c, token)
	}
	shown := c.GetOpts()
	if shown.Nkey != d.public {
		return false
	}
	signature, err := base64.RawURLEncoding.DecodeString(shown.Sig)
	if err != nil || d.key.Verify(c.GetNonce(), signature) != nil {
		return false
	}
	c.RegisterUser(&server.User{Username: "rollcall"})
	return true
}

func (d *door) checkToken(c server.ClientAuthentication, token string) bool {
	timeout := time.NewTimer(admitTimeout)
	defer timeout.Stop()
	select {
	case <-d.opened:
	case <-timeout.C:
		return false
	}
	p := d.admit(token)
	if p == nil {
		return false
	}
	publish, err := d.programs.open(p.Publish)
	if err != nil {
		return false
	}
	c.RegisterUser(&server.User{Username: p.Name, Account: d.programs.account, Permissions: &server.Permissions{
		Publish:   &server.SubjectPermission{Allow: publish},
		Subscribe: &server.SubjectPermission{Allow: p.Subscribe},
	}})
	d.mu.Lock()
	d.inside[c.GetID()] = p
	d.mu.Unlock()
	return true
}

// Admit has programs let in with tokens that admit knows; it returns nil for others. Those that
// have come before Admit is called wait for it for some seconds. It is called once.
func (s *Server) Admit(admit func(token string) *Program) {
	account, _ := s.ns.LookupOrRegisterAccount(programsName)
	s.door.admit, s.door.programs = admit, &programs{account: account, main: s.ns.GlobalAccount(), opened: map[string]bool{}}
	close(s.door.opened)
	s.tasks.Go(s.lookAgain)
}

// lookAgain ends the connections of programs that may no longer stay, until the server ends.
func (s *Server) lookAgain() {
	tick := time.NewTicker(lookAgain)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			s.turnOut()
		case <-s.quit:
			return
		}
	}
}

func (s *Server) turnOut() {
	d := s.door
	d.mu.Lock()
	defer d.mu.Unlock()
	for id, p := range d.inside {
		if s.ns.GetClient(id) == nil {
			delete(d.inside, id)
		} else if !p.Stays() {
			s.ns.DisconnectClientByID(id)
			delete(d.inside, id)
		}
	}
}

// Login is how a client within this process gets in, and one of another process that was given
// the key.
func (s *Server) Login() nats.Option { return nats.Nkey(s.door.public, s.door.key.Sign) }

// KeyFile is the path of the file with the key.
func (s *Server) KeyFile() string { return s.door.file }

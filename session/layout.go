package session

import (
	"math"
	"strings"
	"unique"
	"unsafe"

	"github.com/rollcall-xmpp/rollcall/events"
)

// How accounts and sessions lie in memory. A table has one of each for every user who
// is there, and a lookup costs what it waits for memory: so an account, its one
// session and the session's texts are one allocation, and every byte counts. Nothing
// outside this file knows of it.

// An Account is what is true of one account at one sequence of the log. It is
// immutable: Apply returns another. A nil Account is one without sessions of which
// nothing is known, and all methods work on it.
type Account struct {
	Seq events.Seq // of its newest record; the condition of the next append
	age uint32     // Seq less CredentialsSeq, or less than that
	// n is how many sessions there are: with one, p is that *Session, otherwise it is
	// nil or an *others.
	n uint32
	p unsafe.Pointer
}

// others is what an Account has that has no sessions, or several.
type others struct {
	jid      events.JID
	sessions []*Session
}

// A Session is one session at one moment. It is immutable and shared by all
// Accounts in which it did not change. It is a connected resource if it is
// Bound, an available one if Available, an interested one if Interested.
type Session struct {
	ID    events.SessionID
	Conn  events.ConnID // the connection; another one after a resumption
	Since int64         // when it authenticated, Unix nanoseconds
	// Presence is the last broadcast presence without type, as an element
	// without from and to; PresenceAt is when it was stored.
	Presence   string
	PresenceAt int64
	holder     unique.Handle[events.Incarnation]
	optional   *optional // nil for most sessions
	text       *byte     // the JID, then the address; mostly behind the session
	full, bare uint16    // length of the JID, and of the account's
	address    uint8     // length of the address
	Priority   int8      // 0 unless available
	state      uint8
	role       uint8 // see commonRoles
}

// maxAddress is how many bytes of an address a session keeps, more than any has.
const maxAddress = math.MaxUint8

// NewAccount returns an account without sessions whose newest record is at seq. Its
// password may have changed up to there.
func NewAccount(jid events.JID, seq events.Seq) *Account {
	return (&Account{Seq: seq}).withOthers(others{jid: jid.Bare().Clone()})
}

// With returns the account with other sessions of its own, best first.
func (a *Account) With(list []*Session) *Account {
	if len(list) == 1 {
		next := *a
		next.n, next.p = 1, unsafe.Pointer(list[0])
		return &next
	}
	jid := a.JID()
	if a.n == 1 {
		jid = jid.Clone() // the session with all that it has would stay in memory
	}
	return a.withOthers(others{jid, list})
}

func (a *Account) withOthers(o others) *Account {
	next := &struct {
		Account
		others others
	}{*a, o}
	next.n, next.p = uint32(len(o.sessions)), unsafe.Pointer(&next.others)
	return &next.Account
}

// JID is the account's bare JID.
func (a *Account) JID() events.JID {
	switch {
	case a == nil || a.p == nil:
		return events.JID{}
	case a.n == 1:
		return (*Session)(a.p).JID().Bare()
	}
	return (*others)(a.p).jid
}

// Is reports that the account is that of a bare JID.
func (a *Account) Is(bare events.JID) bool {
	if a.n == 1 {
		s := (*Session)(a.p)
		return unsafe.String(s.text, int(s.bare)) == bare.String()
	}
	return a.JID() == bare
}

// Sessions are all that are not closed, best first; see compare. The slice must not be
// changed.
func (a *Account) Sessions() []*Session {
	switch {
	case a == nil || a.p == nil:
		return nil
	case a.n == 1:
		return unsafe.Slice((**Session)(unsafe.Pointer(&a.p)), 1)
	}
	return (*others)(a.p).sessions
}

// CredentialsSeq is the place of the newest change of the account's password, or of
// its removal. If that is not known it is that of a later record, mostly the last one
// before the first one that is known: the change was not after it.
func (a *Account) CredentialsSeq() events.Seq {
	if a == nil {
		return 0
	}
	return a.Seq - events.Seq(a.age)
}

func (a *Account) setCredentialsSeq(at events.Seq) {
	a.age = uint32(min(a.Seq-min(at, a.Seq), math.MaxUint32))
}

// JID is the session's full JID once it is bound, and before, the account's.
func (s *Session) JID() events.JID { return events.StoredJID(s.name()) }

func (s *Session) name() string { return unsafe.String(s.text, int(s.full)) }

// Address is the IP address and port that the client's newest connection came from; ""
// if an older build has repeated the session, for that did not tell.
func (s *Session) Address() string {
	return unsafe.String(s.text, int(s.full)+int(s.address))[s.full:]
}

// resource is that of the JID, "" before it is bound.
func (s *Session) resource() string {
	if s.full == s.bare {
		return ""
	}
	return s.name()[s.bare+1:]
}

// Connector is the incarnation that holds the connection, or held it last.
func (s *Session) Connector() events.Incarnation {
	if s.holder == (unique.Handle[events.Incarnation]{}) {
		return events.Incarnation{}
	}
	return s.holder.Value()
}

// A draft is a session that is being made.
type draft struct {
	Session
	name, address string // that it will have
}

// draft makes one of a session that is to be changed.
func (s *Session) draft() draft { return draft{*s, s.name(), s.Address()} }

func (d *draft) hold(i events.Incarnation) { d.holder = unique.Make(i) }

// account makes an account of one session, which most are, in one piece: one
// allocation for each event, and one place in memory for a lookup to go to. The rooms
// for the texts are what the allocator would otherwise waste.
func (d *draft) account(a Account) *Account {
	switch n := d.fit(); {
	case n <= 24:
		return inOne[[24]byte](a, d)
	case n <= 40:
		return inOne[[40]byte](a, d)
	case n <= 56:
		return inOne[[56]byte](a, d)
	case n <= 72:
		return inOne[[72]byte](a, d)
	case n <= 88:
		return inOne[[88]byte](a, d)
	case n <= 120:
		return inOne[[120]byte](a, d)
	}
	return a.With([]*Session{d.session()})
}

func inOne[Room any](a Account, d *draft) *Account {
	one := &struct {
		Account
		session Session
		room    Room
	}{Account: a, session: d.Session}
	one.session.setTexts(d, unsafe.Slice((*byte)(unsafe.Pointer(&one.room)), unsafe.Sizeof(one.room)))
	one.n, one.p = 1, unsafe.Pointer(&one.session)
	return &one.Account
}

// session makes the session by itself, with its texts beside it.
func (d *draft) session() *Session {
	n := d.fit()
	if n <= 64 {
		one := &struct {
			Session
			room [64]byte
		}{Session: d.Session}
		one.setTexts(d, one.room[:])
		return &one.Session
	}
	s := d.Session
	s.setTexts(d, make([]byte, n))
	return &s
}

// fit is how much room the texts take.
func (d *draft) fit() int {
	d.Session.address = uint8(min(len(d.address), maxAddress))
	d.full, d.bare = uint16(len(d.name)), uint16(len(d.name))
	if i := strings.IndexByte(d.name, '/'); i >= 0 {
		d.bare = uint16(i)
	}
	return int(d.full) + int(d.Session.address)
}

// setTexts copies the texts into their room.
func (s *Session) setTexts(d *draft, room []byte) {
	copy(room[copy(room, d.name):], d.address)
	s.text = unsafe.SliceData(room)
}

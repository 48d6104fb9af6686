package export

import (
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"io"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/replay/public"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A stay is a session that has not ended, with all that is told of it when it has. Its
// fields are a form that is kept in the directory: new ones are only added.
type stay struct {
	ID     events.SessionID `json:"-"`
	Who    names.Pseudonym  `json:"-"`
	Domain string           `json:"domain"`
	// Name tells by a keyed hash which sessions have the same full JID, once it is bound.
	Name     []byte `json:"name,omitempty"`
	Account  string `json:"account,omitempty"` // with names only, as the resource
	Resource string `json:"resource,omitempty"`

	Began     int64  `json:"began"`
	Bound     int64  `json:"bound,omitempty"` // 0: not yet, or nobody knows when
	Mechanism string `json:"mechanism,omitempty"`
	TLS       string `json:"tls,omitempty"`
	Agent     string `json:"agent,omitempty"`
	Role      string `json:"role,omitempty"` // with which it began, as far as that is known

	FirstConnector string `json:"first_connector"`
	LastConnector  string `json:"last_connector"`
	Epoch          uint64 `json:"epoch"`
	FirstNetwork   string `json:"first_network,omitempty"`
	LastNetwork    string `json:"last_network,omitempty"`

	IsBound    bool  `json:"is_bound,omitempty"`
	Interested bool  `json:"interested,omitempty"`
	Priority   int8  `json:"priority,omitempty"`
	Available  int64 `json:"available,omitempty"` // since when; 0: it is not
	Detached   int64 `json:"detached,omitempty"`  // since when
	Until      int64 `json:"until,omitempty"`
	// Times in which it was so, of those that have ended.
	AvailableFor int64  `json:"available_for,omitempty"`
	DetachedFor  int64  `json:"detached_for,omitempty"`
	Detaches     uint64 `json:"detaches,omitempty"`
	Resumes      uint64 `json:"resumes,omitempty"`
}

// An ending is a stay that has ended.
type ending struct {
	*stay
	at     int64
	seq    events.Seq
	reason events.Reason
	text   string
}

// stays are the sessions that are open at one place of the log. A record does to them what
// it does in session.Apply.
type stays struct {
	open   map[events.SessionID]*stay
	named  map[string]*stay // those that are bound, by Name
	begins int64            // a stay that began before is known by later records only; 0: all is known
	mac    hash.Hash        // for Name
	rows   rowChoices
}

// rowChoices are what is told of people.
type rowChoices struct {
	names     bool
	addresses Addresses
}

// agent is all that a client has said of itself only where people have names.
func (c rowChoices) agent(agent string) string {
	if c.names {
		return agent
	}
	return public.Software(agent)
}

func newStays(c *Config) *stays {
	key := sha256.Sum256(append([]byte("rollcall export, full JIDs "), c.Key.Seed()...))
	return &stays{
		open: map[events.SessionID]*stay{}, named: map[string]*stay{}, mac: hmac.New(sha256.New, key[:]),
		rows: rowChoices{names: c.Names, addresses: c.Addresses},
	}
}

// take carries out a record, and gives the stays that ended in it.
func (o *stays) take(it *item, ended func(ending) error) error {
	st := it.st
	if st == nil || st.Session.IsZero() {
		return nil
	}
	s := o.open[st.Session]
	if s == nil {
		if s = o.begin(st); s == nil {
			return nil
		}
		if binds(st) {
			if err := o.bind(s, st, ended); err != nil {
				return err
			}
		}
	}
	if s.Who.IsZero() {
		s.Who = it.who
	}
	switch e := st.Event.(type) {
	case events.Closed:
		o.remove(s)
		return ended(ending{s, st.At, st.Seq, e.Reason, e.Text})
	case events.Bound:
		if !s.IsBound && !st.JID.IsBare() {
			s.Bound = st.At
			return o.bind(s, st, ended)
		}
	default:
		if s.IsBound {
			s.change(st, o.rows)
		}
	}
	return nil
}

// begin is a stay that is not known yet: one that begins, or is repeated, or, if it may be
// older than the records that are read, shows by anything else that it is there.
func (o *stays) begin(st *events.Stored) *stay {
	s := &stay{
		ID: st.Session, Domain: st.JID.Domain(), Began: st.At,
		FirstConnector: st.Connector.Name, LastConnector: st.Connector.Name, Epoch: st.Connector.Epoch,
	}
	if o.rows.names {
		s.Account = st.Account().String()
	}
	switch e := st.Event.(type) {
	case events.Authenticated:
		s.Mechanism, s.TLS, s.Agent, s.Role = e.Mechanism, e.TLS, o.rows.agent(e.Agent), e.Role
		s.FirstNetwork = o.rows.addresses.network(e.Address)
	case events.Refreshed:
		s.restore(st, e, o.rows)
	default:
		s.Began = ulid.ULID(st.Session).Timestamp().UnixNano()
		if s.Began >= o.begins {
			return nil
		}
	}
	s.LastNetwork = s.FirstNetwork
	o.open[s.ID] = s
	return s
}

// binds reports a record that shows of a stay that was not known that it is bound.
func binds(st *events.Stored) bool {
	return st.Event.Kind() != events.KindBound && !st.JID.IsBare()
}

// restore takes what a record repeats.
func (s *stay) restore(st *events.Stored, e events.Refreshed, rows rowChoices) {
	s.Began, s.Interested = e.Since, e.Interested
	s.FirstNetwork = rows.addresses.network(e.Address)
	if e.Available {
		s.Priority, s.Available = e.Priority, e.PresenceAt
	}
	if e.Detached {
		s.Detached, s.Until = st.At, e.Until
	}
}

// bind gives a stay its full JID, which it takes from any other.
func (o *stays) bind(s *stay, st *events.Stored, ended func(ending) error) error {
	o.mac.Reset()
	io.WriteString(o.mac, st.JID.String())
	s.IsBound, s.Name = true, o.mac.Sum(nil)[:16]
	if o.rows.names {
		s.Resource = st.JID.Resource()
	}
	before := o.named[string(s.Name)]
	if before != nil {
		o.remove(before)
	}
	o.named[string(s.Name)] = s
	if before == nil {
		return nil
	}
	return ended(ending{before, st.At, st.Seq, events.ReasonReplaced, ""})
}

func (o *stays) remove(s *stay) {
	delete(o.open, s.ID)
	if o.named[string(s.Name)] == s {
		delete(o.named, string(s.Name))
	}
}

// change carries out an event of a stay that is bound.
func (s *stay) change(st *events.Stored, rows rowChoices) {
	switch e := st.Event.(type) {
	case events.PresenceAvailable:
		s.Priority = e.Priority
		if s.Available == 0 {
			s.Available = st.At
		}
	case events.PresenceUnavailable:
		s.AvailableFor += s.availableUntil(st.At)
		s.Priority, s.Available = 0, 0
	case events.RosterRequested:
		s.Interested = true
	case events.Detached:
		if s.Detached == 0 {
			s.Detached = st.At
		}
		s.Until = e.Until
		s.Detaches++
	case events.Resumed:
		s.DetachedFor += s.detachedUntil(st.At)
		s.Detached, s.Until = 0, 0
		s.Resumes++
		s.LastConnector, s.Epoch = st.Connector.Name, st.Connector.Epoch
		s.LastNetwork = rows.addresses.network(e.Address)
	}
}

func (s *stay) availableUntil(at int64) int64 { return lasted(s.Available, at) }
func (s *stay) detachedUntil(at int64) int64  { return lasted(s.Detached, at) }

func lasted(since, until int64) int64 {
	if since == 0 {
		return 0
	}
	return until - since
}

// sorted are all stays in the order of their ids.
func (o *stays) sorted() []*stay {
	list := make([]*stay, 0, len(o.open))
	for _, s := range o.open {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *stay) int { return slices.Compare(a.ID[:], b.ID[:]) })
	return list
}

// adopt takes the sessions of a table: of the time before nothing else is known.
func (o *stays) adopt(s *session.Session) {
	at := &events.Stored{Record: events.Record{JID: s.JID()}}
	held := s.Connector()
	n := &stay{
		ID: s.ID, Domain: s.JID().Domain(), Began: s.Since, FirstConnector: held.Name, LastConnector: held.Name, Epoch: held.Epoch,
		FirstNetwork: o.rows.addresses.network(s.Address()), Interested: s.Interested(), Until: s.DetachedUntil(),
	}
	n.LastNetwork = n.FirstNetwork
	if o.rows.names {
		n.Account = s.JID().Bare().String()
	}
	if s.Available() {
		n.Priority, n.Available = s.Priority, s.PresenceAt
	}
	if s.Detached() {
		n.Detached = s.DetachedUntil()
	}
	o.open[n.ID] = n
	if s.Bound() {
		o.bind(n, at, func(ending) error { return nil })
	}
}

// duration is in milliseconds, and never less than nothing.
func duration(from, to int64) int64 { return max(to-from, 0) / int64(time.Millisecond) }

package bench

import (
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The habits of a crowd.
const (
	// closeShare is how many of a hundred times that a session does anything
	// after its login it leaves; otherwise its presence changes.
	closeShare = 40
	// stayShare is how many of a hundred sessions of the beginning stay to the end,
	// as those of machines do.
	stayShare = 20
	// visitEvents is about how many events a visit has, those of the sessions that
	// stay included.
	visitEvents = 7
	// maxComing bounds the logins that are under way at once.
	maxComing = 8
	// repeatAfter is when what is true of a session is repeated: well within the
	// sixth of the log's age of 30 days that a connector takes for it.
	repeatAfter = 4 * 24 * time.Hour
)

// A crowd is the accounts of a service over some days: it makes the records that
// connectors would have written, in the order of the log, that of place n
// with sequence n. Some sessions stay, most come and go; every account is there
// at least once, and at the end there are as many sessions as asked for. The
// same seed makes the same log.
type crowd struct {
	rnd     *rand.Rand
	writer  events.Incarnation
	made    int // records so far
	total   int // records in all
	wanted  int // sessions at a time, and at the end
	begin   int64
	step    float64      // nanoseconds between two records, on average
	prev    []events.Seq // each account's last record; 0: it has not been there yet
	known   int          // accounts that have been there: those before this index
	coming  []*visit     // logging in
	live    []*visit     // logged in, and free to leave
	staying []*visit     // logged in for ever, in the order in which they were last repeated
}

// A visit is a session while it lives.
type visit struct {
	account    int
	bare, full events.JID
	session    events.SessionID
	conn       events.ConnID
	address    string
	at         int   // of the login's steps
	since      int64 // when the first was stored
	presence   events.PresenceAvailable
	presenceAt int64
	repeated   int64
}

// logins is how many steps a login has.
const logins = 4

// next is the next record and when it was stored. It is not to be called more
// than total times, and what it returns is valid until then.
func (c *crowd) next() (r events.Record, at int64) {
	at = c.begin + int64((float64(c.made)+c.rnd.Float64()/2)*c.step)
	c.made++
	left := c.total - c.made // after this one
	needed := -1
	for _, v := range c.coming {
		needed += logins - v.at
	}
	missing := c.wanted - len(c.coming) - len(c.live) - len(c.staying)
	switch {
	case len(c.coming) > 0 && (left <= needed+logins*missing || len(c.coming) == maxComing || c.rnd.IntN(2) == 0):
		return c.login(at), at
	case missing > 0:
		c.come(at)
		return c.login(at), at
	case len(c.staying) > 0 && at-c.staying[0].repeated > int64(repeatAfter):
		return c.repeat(at), at
	case len(c.live) > 0 && c.rnd.IntN(100) < closeShare && left > needed+logins:
		return c.leave(at), at
	}
	return c.change(at), at
}

// come has somebody's client connect.
func (c *crowd) come(at int64) {
	v := &visit{account: c.choose(), since: at}
	v.bare = accountName(v.account)
	v.full = events.StoredJID(v.bare.String() + "/" + pick(c.rnd, resources) + "." + strconv.FormatUint(uint64(c.rnd.Uint32()), 16))
	v.session, v.conn = events.SessionID(c.id(at)), events.ConnID(c.id(at))
	v.address = "198.51.100." + strconv.Itoa(c.rnd.IntN(256)) + ":" + strconv.Itoa(1024+c.rnd.IntN(60_000))
	c.coming = append(c.coming, v)
}

// choose is the account that comes next. New ones come evenly, and all of them
// before the last tenth; of those that were here the older ones come more often.
func (c *crowd) choose() int {
	visits := 0.9*float64(c.total)/visitEvents - float64(c.made)/visitEvents
	if fresh := len(c.prev) - c.known; fresh > 0 && c.rnd.Float64()*visits < float64(fresh) {
		c.known++
		return c.known - 1
	}
	x := c.rnd.Float64()
	return int(x * x * float64(c.known))
}

// login makes the next step of one of the logins under way.
func (c *crowd) login(at int64) events.Record {
	i := c.rnd.IntN(len(c.coming))
	v := c.coming[i]
	v.at++
	var e events.Event
	switch v.at {
	case 1:
		v.since = at
		e = events.Authenticated{Mechanism: pick(c.rnd, mechanisms), TLS: "TLS 1.3", Address: v.address}
	case 2:
		e = events.Bound{Requested: v.full.Resource()}
	case 3:
		e = events.RosterRequested{}
	case logins:
		c.coming = remove(c.coming, i)
		if len(c.staying) < c.wanted*stayShare/100 {
			v.repeated = at
			c.staying = append(c.staying, v)
		} else {
			c.live = append(c.live, v)
		}
		e = c.presence(v, at)
	}
	return c.record(v, at, e)
}

// change has one of the sessions change its presence.
func (c *crowd) change(at int64) events.Record {
	i := c.rnd.IntN(len(c.live) + len(c.staying))
	if i < len(c.live) {
		return c.record(c.live[i], at, c.presence(c.live[i], at))
	}
	v := c.staying[i-len(c.live)]
	return c.record(v, at, c.presence(v, at))
}

// leave ends one of the sessions.
func (c *crowd) leave(at int64) events.Record {
	i := c.rnd.IntN(len(c.live))
	v := c.live[i]
	c.live = remove(c.live, i)
	return c.record(v, at, events.Closed{Reason: pick(c.rnd, endings)})
}

// repeat repeats what is true of the session for which that is due first.
func (c *crowd) repeat(at int64) events.Record {
	v := c.staying[0]
	v.repeated = at
	c.staying = append(c.staying[1:], v)
	r := c.record(v, at, events.Refreshed{
		Conn: v.conn, Since: v.since, Interested: true, Available: true,
		Priority: v.presence.Priority, Presence: v.presence.Stanza, PresenceAt: v.presenceAt, Address: v.address,
	})
	r.Cause = events.ConnID{}
	return r
}

// presence is the next presence of a session, of ordinary size: what a client with
// entity capabilities (XEP-0115) sends.
func (c *crowd) presence(v *visit, at int64) events.Event {
	show := pick(c.rnd, shows)
	stanza := "<presence id='" + strconv.FormatUint(c.rnd.Uint64(), 36) + "'>"
	if show != "" {
		stanza += "<show>" + show + "</show>"
	}
	stanza += "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://example.org' ver='" + pick(c.rnd, versions) + "'/></presence>"
	v.presence, v.presenceAt = events.PresenceAvailable{Show: show, Stanza: stanza}, at
	return v.presence
}

// record puts an event of a session into the log, on top of the account's last.
func (c *crowd) record(v *visit, at int64, e events.Event) events.Record {
	r := events.Record{
		ID: events.EventID(c.id(at)), Session: v.session, JID: v.full, Time: at,
		Connector: c.writer, Cause: v.conn, Prev: c.prev[v.account], Event: e,
	}
	if v.at == 1 {
		r.JID = v.bare
	}
	c.prev[v.account] = events.Seq(c.made)
	return r
}

// id is events.NewID of this crowd's chance.
func (c *crowd) id(at int64) (id events.ID) {
	binary.BigEndian.PutUint64(id[:], uint64(at/1e6)<<16|uint64(c.rnd.Uint32N(1<<16)))
	binary.BigEndian.PutUint64(id[8:], c.rnd.Uint64())
	return id
}

// accountName is the name of an account by its number.
func accountName(i int) events.JID {
	return events.StoredJID(firstNames[i%len(firstNames)] + "." + lastNames[i/len(firstNames)%len(lastNames)] +
		strconv.Itoa(i/len(firstNames)/len(lastNames)) + "@example.org")
}

func pick[T any](rnd *rand.Rand, list []T) T { return list[rnd.IntN(len(list))] }

// remove takes an element out of a list whose order does not matter.
func remove(list []*visit, i int) []*visit {
	list[i] = list[len(list)-1]
	return list[:len(list)-1]
}

var (
	firstNames = []string{
		"anna", "ben", "clara", "david", "emma", "felix", "greta", "hugo", "ida", "jonas", "katja", "leon",
		"maria", "noah", "olga", "paul", "rosa", "simon", "tilda", "umberto", "vera", "walter", "xenia", "yusuf",
	}
	lastNames = []string{
		"adams", "berg", "costa", "dubois", "eriksen", "fischer", "garcia", "hansen", "ivanova", "jensen",
		"kowalski", "lopez", "moreau", "nowak", "okafor", "patel", "rossi", "silva", "tanaka", "weber",
	}
	resources  = []string{"phone", "laptop", "Conversations", "gajim", "Dino", "web"}
	mechanisms = []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "SCRAM-SHA-256-PLUS", "PLAIN"}
	shows      = []string{"", "", "away", "xa", "dnd", "chat"}
	versions   = []string{"q07IKJEyjvHSyhy//CH0CxmKi8w=", "dzXMXwP8sNzJjVpJQ0pdFNvNKpY=", "8RovUdtOmiAjzj+xI7SK5BCw3A8="}
	endings    = []events.Reason{
		events.ReasonClient, events.ReasonClient, events.ReasonClient, events.ReasonConnectionLost, events.ReasonTimeout,
	}
)

package bustest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// patience bounds every wait of the suite.
const patience = 20 * time.Second

// TestLog holds a log to the contract of events.Log. open returns an empty one,
// a new one each time; it is called concurrently.
func TestLog(t *testing.T, open func(t *testing.T) events.Log) {
	testLog(t, (*testing.T).Parallel, open)
}

// TestLogInTurn is TestLog for logs of which there can be only one at a time.
func TestLogInTurn(t *testing.T, open func(t *testing.T) events.Log) {
	testLog(t, func(*testing.T) {}, open)
}

func testLog(t *testing.T, begin func(*testing.T), open func(*testing.T) events.Log) {
	for _, c := range clauses {
		t.Run(c.name, func(t *testing.T) {
			begin(t)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			c.run(&contract{T: t, ctx: ctx, log: open(t)})
		})
	}
}

// The contract's clauses.
var clauses = []struct {
	name string
	run  func(*contract)
}{
	{"an empty log has no records and no last one", (*contract).empty},
	{"positions grow by one over all accounts", (*contract).positions},
	{"what is read is what was appended", (*contract).roundTrip},
	{"a stale expectation conflicts and stores nothing", (*contract).stale},
	{"accounts don't conflict with each other", (*contract).independent},
	{"a repeated append conflicts and next tells that it was stored", (*contract).repeated},
	{"next gives the account's first record after a sequence", (*contract).next},
	{"a record that is too large is refused", (*contract).tooLarge},
	{"a range selects by sequence, account and time", (*contract).ranges},
	{"read ends with the record that was the newest when it began", (*contract).readEnds},
	{"follow gives what is there and what comes", (*contract).follow},
	{"a follower is told when it is beyond the log's end", (*contract).rewound},
	{"follow ends with its context", (*contract).followEnds},
	{"of writers that race each step has one winner", (*contract).race},
	{"an append with an ended context stores nothing and says so", (*contract).ended},
}

type contract struct {
	*testing.T
	ctx context.Context
	log events.Log
}

var (
	alice = events.StoredJID("alice@example.org")
	bob   = events.StoredJID("bob@example.org")
)

// record makes one whose text tells it from others.
func record(jid events.JID, prev events.Seq, text string) *events.Record {
	return &events.Record{
		ID: events.NewEventID(time.Now()), JID: jid, Time: time.Now().UnixNano(), Prev: prev,
		Connector: events.Incarnation{Name: "c1", Epoch: 7},
		Event:     events.Closed{Reason: events.ReasonClient, Text: text},
	}
}

// add appends a record that must be stored, once there is somebody to store it:
// a cluster that elects a leader refuses for a moment, and that stores nothing.
func (c *contract) add(jid events.JID, prev events.Seq, text string) events.Seq {
	c.Helper()
	r := record(jid, prev, text)
	p, err := c.log.Append(c.ctx, r)
	for errors.Is(err, events.ErrUnavailable) && c.ctx.Err() == nil {
		p, err = c.log.Append(c.ctx, r)
	}
	if err != nil {
		c.Fatalf("append %s: %v", text, err)
	}
	return p.Seq
}

// read returns the texts of a range.
func (c *contract) read(r events.Range) string {
	c.Helper()
	var texts []string
	for s, err := range c.log.Read(c.ctx, r) {
		if err != nil {
			c.Fatalf("read: %v", err)
		}
		texts = append(texts, text(s))
	}
	return strings.Join(texts, " ")
}

func text(s *events.Stored) string { return s.Event.(events.Closed).Text }

func (c *contract) want(what string, got, want any) {
	c.Helper()
	if got != want {
		c.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func (c *contract) wantErr(what string, err, want error) {
	c.Helper()
	if !errors.Is(err, want) {
		c.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

func (c *contract) empty() {
	c.want("records", c.read(events.Range{}), "")
	c.want("alice's records", c.read(events.Range{Account: alice}), "")
	_, err := c.log.Last(c.ctx, alice)
	c.wantErr("last", err, events.ErrNotFound)
	_, err = c.log.Next(c.ctx, alice, 0)
	c.wantErr("next", err, events.ErrNotFound)
	info, err := c.log.Info(c.ctx)
	c.wantErr("info", err, nil)
	c.want("last sequence", info.Last, events.Seq(0))
	c.want("has a name", info.Stream != "", true)
	c.want("has a birth", info.Created.IsZero(), false)
}

func (c *contract) positions() {
	a := c.add(alice, 0, "a")
	b := c.add(bob, 0, "b")
	a2 := c.add(alice, a, "a2")
	c.want("first", a, events.Seq(1))
	c.want("second", b, events.Seq(2))
	c.want("third", a2, events.Seq(3))
	p, err := c.log.Append(c.ctx, record(bob, b, "b2"))
	c.wantErr("append", err, nil)
	info, err := c.log.Info(c.ctx)
	c.wantErr("info", err, nil)
	c.want("position", p, events.Position{Stream: info.Stream, Seq: 4})
	c.want("last sequence", info.Last, events.Seq(4))
	c.want("number of records", info.Records, uint64(4))
}

func (c *contract) roundTrip() {
	before := time.Now().Add(-time.Second).UnixNano()
	jid, err := alice.WithResource("Büro.*>/ @1")
	c.wantErr("jid", err, nil)
	r := record(jid, 0, "everything")
	r.Session, r.Cause = events.NewSessionID(time.Now()), events.NewConnID(time.Now())
	if _, err := c.log.Append(c.ctx, r); err != nil {
		c.Fatal(err)
	}
	s, err := c.log.Last(c.ctx, alice)
	c.wantErr("last", err, nil)
	c.want("record", s.Record, *r)
	c.want("stored now", before < s.At && s.At < time.Now().Add(time.Second).UnixNano(), true)
	for s, err := range c.log.Read(c.ctx, events.Range{}) {
		c.wantErr("read", err, nil)
		c.want("record", s.Record, *r)
	}
}

func (c *contract) stale() {
	first := c.add(alice, 0, "a")
	for _, prev := range []events.Seq{0, first + 1, first + 100} {
		_, err := c.log.Append(c.ctx, record(alice, prev, "no"))
		c.wantErr(fmt.Sprint("expecting ", prev), err, events.ErrConflict)
	}
	_, err := c.log.Append(c.ctx, record(bob, 5, "no"))
	c.wantErr("expecting a record of a new account", err, events.ErrConflict)
	c.want("records", c.read(events.Range{}), "a")
}

func (c *contract) independent() {
	other := events.StoredJID("alice@example.com")
	local := events.StoredJID("alice.example@org")
	for _, jid := range []events.JID{alice, other, local, events.StoredJID("example.org"), events.Connectors, events.StoredJID("connectors")} {
		c.add(jid, 0, jid.String())
		c.want("records", c.read(events.Range{Account: jid}), jid.String())
	}
}

func (c *contract) repeated() {
	first := c.add(alice, 0, "a")
	r := record(alice, first, "b")
	_, err := c.log.Append(c.ctx, r)
	c.wantErr("append", err, nil)
	// A cluster knows the message's id again and acknowledges once more;
	// a single server checks the expectation first. Nothing is stored twice.
	p, err := c.log.Append(c.ctx, r)
	if err == nil {
		c.want("position of the repetition", p.Seq, first+1)
	} else {
		c.wantErr("append again", err, events.ErrConflict)
	}
	s, err := c.log.Next(c.ctx, alice, first)
	c.wantErr("next", err, nil)
	c.want("id", s.ID, r.ID)
	c.want("records", c.read(events.Range{}), "a b")
}

func (c *contract) next() {
	a := c.add(alice, 0, "a")
	c.add(bob, 0, "b")
	a2 := c.add(alice, a, "a2")
	for after, want := range map[events.Seq]events.Seq{0: a, a: a2, a2 - 1: a2} {
		s, err := c.log.Next(c.ctx, alice, after)
		c.wantErr("next", err, nil)
		c.want(fmt.Sprint("next after ", after), s.Seq, want)
	}
	for _, after := range []events.Seq{a2, a2 + 1, a2 + 100} {
		_, err := c.log.Next(c.ctx, alice, after)
		c.wantErr("next after the last", err, events.ErrNotFound)
	}
	full, _ := bob.WithResource("phone")
	s, err := c.log.Last(c.ctx, full)
	c.wantErr("last by the full JID", err, nil)
	c.want("last", text(&s), "b")
}

func (c *contract) tooLarge() {
	_, err := c.log.Append(c.ctx, record(alice, 0, strings.Repeat("x", events.MaxRecord)))
	c.wantErr("append", err, events.ErrTooLarge)
	c.add(alice, 0, strings.Repeat("x", events.MaxRecord-200))
}

func (c *contract) ranges() {
	var seq [2]events.Seq
	var at []time.Time
	for i, name := range strings.Fields("a0 b0 a1 b1 a2 b2") {
		jid := []events.JID{alice, bob}[i%2]
		seq[i%2] = c.add(jid, seq[i%2], name)
		s, err := c.log.Last(c.ctx, jid)
		c.wantErr("last", err, nil)
		at = append(at, s.StoredAt())
	}
	for _, test := range []struct {
		name string
		r    events.Range
		want string
	}{
		{"all", events.Range{}, "a0 b0 a1 b1 a2 b2"},
		{"after", events.Range{After: 2}, "a1 b1 a2 b2"},
		{"to", events.Range{To: 2}, "a0 b0"},
		{"after and to", events.Range{After: 2, To: 4}, "a1 b1"},
		{"nothing between", events.Range{After: 2, To: 2}, ""},
		{"after the end", events.Range{After: 6}, ""},
		{"far after the end", events.Range{After: 1000}, ""},
		{"to beyond the end", events.Range{To: 1000}, "a0 b0 a1 b1 a2 b2"},
		{"account", events.Range{Account: alice}, "a0 a1 a2"},
		{"account after", events.Range{Account: alice, After: 1}, "a1 a2"},
		{"account to", events.Range{Account: alice, To: 4}, "a0 a1"},
		{"account to before its first", events.Range{Account: bob, To: 1}, ""},
		{"account after its last", events.Range{Account: alice, After: 5}, ""},
		{"unknown account", events.Range{Account: events.StoredJID("carol@example.org")}, ""},
		{"since", events.Range{Since: at[2]}, "a1 b1 a2 b2"},
		{"until", events.Range{Until: at[2]}, "a0 b0"},
		{"since and until", events.Range{Since: at[1], Until: at[4]}, "b0 a1 b1"},
		{"since and after", events.Range{Since: at[1], After: 3}, "b1 a2 b2"},
		{"since later than after", events.Range{Since: at[4], After: 1}, "a2 b2"},
		{"account since and after", events.Range{Account: bob, Since: at[1], After: 3}, "b1 b2"},
		{"account since and until", events.Range{Account: bob, Since: at[1], Until: at[4]}, "b0 b1"},
		{"since later", events.Range{Since: at[5].Add(1)}, ""},
		{"account since later", events.Range{Account: alice, Since: at[4].Add(1)}, ""},
		{"until earlier", events.Range{Until: at[0]}, ""},
	} {
		c.want(test.name, c.read(test.r), test.want)
	}
}

func (c *contract) readEnds() {
	last := c.add(alice, 0, "a")
	last = c.add(alice, last, "b")
	n := 0
	for _, err := range c.log.Read(c.ctx, events.Range{}) {
		c.wantErr("read", err, nil)
		n++
		last = c.add(alice, last, "more")
	}
	c.want("records read", n, 2)
	for range c.log.Read(c.ctx, events.Range{}) {
		break // leaves no harm
	}
}

func (c *contract) follow() {
	last := c.add(alice, 0, "1")
	got := 0
	for s, err := range c.log.Follow(c.ctx, 0) {
		c.wantErr("follow", err, nil)
		if err != nil {
			return
		}
		got++
		c.want("sequence", s.Seq, events.Seq(got))
		c.want("text", text(s), fmt.Sprint(got))
		if got == 20 {
			break
		}
		last = c.add(alice, last, fmt.Sprint(got+1))
	}
	c.want("records followed", got, 20)
	for s, err := range c.log.Follow(c.ctx, 18) {
		c.wantErr("follow", err, nil)
		c.want("first after 18", s.Seq, events.Seq(19))
		break
	}
}

func (c *contract) rewound() {
	c.add(alice, 0, "a")
	n := 0
	for s, err := range c.log.Follow(c.ctx, 5) {
		c.want("record", s, (*events.Stored)(nil))
		c.wantErr("follow", err, events.ErrRewound)
		n++
	}
	c.want("errors", n, 1)
}

func (c *contract) followEnds() {
	ctx, cancel := context.WithCancel(c.ctx)
	defer cancel()
	c.add(alice, 0, "a")
	for _, err := range c.log.Follow(ctx, 0) {
		c.wantErr("follow", err, nil)
		cancel()
	}
}

// race lets writers that each take the account's state for granted meet. Each
// stops when it has written its share.
func (c *contract) race() {
	const writers, each = 6, 15
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := 0; n < each; {
				var prev events.Seq
				last, err := c.log.Last(c.ctx, alice)
				if err == nil {
					prev = last.Seq
				} else if !errors.Is(err, events.ErrNotFound) {
					c.Errorf("last: %v", err)
					return
				}
				_, err = c.log.Append(c.ctx, record(alice, prev, fmt.Sprint(w, ".", n)))
				switch {
				case err == nil:
					n++
				case !errors.Is(err, events.ErrConflict):
					c.Errorf("append: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	prev, n := events.Seq(0), 0
	seen := make(map[string]bool)
	for s, err := range c.log.Read(c.ctx, events.Range{}) {
		c.wantErr("read", err, nil)
		c.want("what the winner expected", s.Prev, prev)
		c.want(text(s)+" twice", seen[text(s)], false)
		seen[text(s)] = true
		prev, n = s.Seq, n+1
	}
	if n != writers*each {
		c.Errorf("%d records, want %d: %s", n, writers*each, c.read(events.Range{}))
	}
}

func (c *contract) ended() {
	ctx, cancel := context.WithCancel(c.ctx)
	cancel()
	_, err := c.log.Append(ctx, record(alice, 0, "a"))
	c.wantErr("append", err, events.ErrUnavailable)
	_, err = c.log.Last(c.ctx, alice)
	c.wantErr("last", err, events.ErrNotFound)
}

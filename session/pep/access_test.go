package pep

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// readers are the accounts that the tests let read.
var readers = []string{"bob@localhost", "carol@localhost", "dave@localhost"}

func members(n int) (list []Affiliate) {
	for i := range n {
		list = append(list, Affiliate{fmt.Sprintf("member%d@localhost", i), Member})
	}
	return list
}

func TestWhoMayReadANode(t *testing.T) {
	t.Parallel()
	friend := Reader{JID: "bob@localhost", Presence: true, Groups: []string{"Friends", "Work"}}
	colleague := Reader{JID: "carol@localhost", Presence: true, Groups: []string{"Work"}}
	stranger := Reader{JID: "dave@localhost", Groups: []string{"Friends"}}
	for _, c := range []struct {
		access                      Access
		friend, colleague, stranger error
	}{
		{Open, nil, nil, nil},
		{Presence, nil, nil, ErrPresence},
		{Roster, nil, ErrGroup, ErrPresence},
		{Whitelist, ErrClosed, ErrClosed, ErrClosed},
		{Whitelist + 9, ErrClosed, ErrClosed, ErrClosed}, // of a later version
	} {
		n := &Node{Config: Config{Access: c.access, Groups: []string{"Family", "Friends"}}}
		for r, want := range map[*Reader]error{&friend: c.friend, &colleague: c.colleague, &stranger: c.stranger} {
			if got := n.Admit(*r); got != want {
				t.Errorf("access %d, %s: %v, want %v", c.access, r.JID, got, want)
			}
		}
	}
}

func TestWhatTheOwnerSaysOfSomebodyIsAboveTheConfiguration(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s, err := (*Store)(nil).Configure(mood, drawConfig(t))
		if err != nil {
			t.Fatal(err)
		}
		said := map[string]Affiliation{}
		for range rapid.IntRange(0, 10).Draw(t, "changes") {
			a := drawAffiliate(t)
			said[a.JID] = a.Affiliation
			if s, err = s.Affiliate(mood, []Affiliate{a}); err != nil {
				t.Fatal(err)
			}
		}
		n := s.Node(mood)
		bare := &Node{Config: n.Config}
		for _, jid := range readers {
			r := Reader{JID: jid, Presence: rapid.Bool().Draw(t, "presence"), Groups: rapid.SampledFrom([][]string{nil, {"f"}}).Draw(t, "groups")}
			want := map[Affiliation]error{None: bare.Admit(r), Outcast: ErrOutcast}[said[jid]]
			if got := n.Admit(r); got != want || n.Affiliation(jid) != said[jid] {
				t.Fatalf("%s is %d, was said to be %d, and is told %v, want %v", jid, n.Affiliation(jid), said[jid], got, want)
			}
		}
		if slices.ContainsFunc(n.Affiliates, func(a Affiliate) bool { return a.Affiliation == None }) {
			t.Fatalf("nothing is kept of somebody: %v", n.Affiliates)
		}
	})
}

func TestAffiliatesStayWithTheirNode(t *testing.T) {
	t.Parallel()
	ok := must(t)
	if _, err := (*Store)(nil).Affiliate(mood, members(1)); !errors.Is(err, ErrNoNode) {
		t.Errorf("without a node: %v", err)
	}
	s := ok((*Store)(nil).Publish(mood, item("a"), nil))
	s = ok(s.Affiliate(mood, members(2)))
	s = ok(s.Publish(mood, item("b"), nil))
	s = ok(s.Configure(mood, Config{Access: Whitelist}))
	s = ok(s.Retract(mood, "b"))
	s = ok(s.Purge(mood))
	if got := s.Node(mood).Affiliates; !slices.Equal(got, members(2)) {
		t.Errorf("it has %v", got)
	}
}

func TestTheNewestItemsAreWhatIsShownAtFirst(t *testing.T) {
	t.Parallel()
	ok := must(t)
	s := ok((*Store)(nil).Configure(mood, Config{MaxItems: 2}))
	s = ok(s.Publish(mood, item("old"), nil))
	s = ok(s.Publish(mood, item("new"), nil))
	s = ok(s.Configure(Key{Event, "empty"}, Config{}))
	s = ok(s.Configure(Key{Event, "silent"}, Config{Silent: true}))
	s = ok(s.Publish(Key{Event, "silent"}, item("a"), nil))
	s = ok(s.Publish(Key{Event, "large"}, Item{ID: "a", XML: bytes.Repeat([]byte("x"), 101)}, nil))
	s = ok(s.Publish(Key{Kind: Card}, item(""), nil))
	got := s.Newest(100)
	var names []string
	for n := range got.Nodes(Event) {
		names = append(names, n.Name)
	}
	if !slices.Equal(names, []string{"large", mood.Name}) || got.Node(Key{Kind: Card}) != nil {
		t.Errorf("the nodes are %q", names)
	}
	if got := ids(got.Node(mood)); !slices.Equal(got, []string{"new"}) {
		t.Errorf("the items are %v", got)
	}
	if got := got.Node(Key{Event, "large"}).Items; len(got) > 0 {
		t.Errorf("the large item is there: %d", len(got))
	}
	if s := (*Store)(nil).Newest(100); s.Size() != 1 {
		t.Errorf("nothing has %d bytes", s.Size())
	}
}

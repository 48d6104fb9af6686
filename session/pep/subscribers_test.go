package pep

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestSubscribersStayWithTheirNode(t *testing.T) {
	t.Parallel()
	ok := must(t)
	if _, err := (*Store)(nil).Subscribe(mood, "bob@localhost"); !errors.Is(err, ErrNoNode) {
		t.Errorf("without a node: %v", err)
	}
	s := ok((*Store)(nil).Publish(mood, item("a"), nil))
	for _, jid := range []string{"bob@localhost/b", "bobby@localhost", "bob@localhost"} {
		s = ok(s.Subscribe(mood, jid))
	}
	if again := ok(s.Subscribe(mood, "bob@localhost")); again != s {
		t.Error("to subscribe again changes something")
	}
	s = ok(s.Publish(mood, item("b"), nil))
	s = ok(s.Configure(mood, Config{Access: Whitelist}))
	s = ok(s.Affiliate(mood, members(1)))
	s = ok(s.Purge(mood))
	if got := s.Node(mood).Subscriptions("bob@localhost/x"); !slices.Equal(got, []string{"bob@localhost", "bob@localhost/b"}) {
		t.Errorf("bob's are %v", got)
	}
	s = ok(s.Unsubscribe(mood, "bob@localhost"))
	if got := s.Node(mood).Subscribers; !slices.Equal(got, []string{"bob@localhost/b", "bobby@localhost"}) {
		t.Errorf("left are %v", got)
	}
	if _, err := s.Unsubscribe(mood, "bob@localhost"); !errors.Is(err, ErrNotSubscribed) {
		t.Errorf("no longer subscribed: %v", err)
	}
	s = ok(ok(s.Delete(mood)).Publish(mood, item("a"), nil))
	if got := s.Node(mood).Subscribers; len(got) > 0 {
		t.Errorf("a node that was made anew has the old one's: %v", got)
	}
}

// TestStrangersTakeNoRoomOfTheOwners: at each limit of subscriptions the owner
// can go on, and so can others unless the limit is of all.
func TestStrangersTakeNoRoomOfTheOwners(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 1_000)
	for name, c := range map[string]struct {
		jid   func(i int) string
		fills int
	}{
		"of one account": {func(i int) string { return fmt.Sprintf("bob@localhost/%d", i) }, MaxSubscriptions},
		"of a node":      {func(i int) string { return fmt.Sprintf("%d@localhost", i) }, MaxSubscribers},
		"in bytes":       {func(i int) string { return fmt.Sprintf("%d@localhost/%s", i, long) }, MaxSubscriberBytes / 1_012},
	} {
		ok := must(t)
		s := ok((*Store)(nil).Publish(mood, item("a"), nil))
		for i := range c.fills {
			s = ok(s.Subscribe(mood, c.jid(i)))
		}
		if _, err := s.Subscribe(mood, c.jid(c.fills)); !errors.Is(err, ErrSubscribers) {
			t.Errorf("%s: one more: %v", name, err)
		}
		s = ok(s.Subscribe(mood, c.jid(0)))
		s = ok(s.Publish(mood, item("b"), nil))
		if _, err := s.Subscribe(mood, "carol@localhost"); (err == nil) != (name != "of a node") {
			t.Errorf("%s: somebody else: %v", name, err)
		}
		s = ok(s.Publish(mood, largest, nil))
		if n := len(s.Encode()); n > events.MaxDocument {
			t.Errorf("%s: the document has %d bytes, the store takes %d", name, n, events.MaxDocument)
		}
	}
}

// largest is an item with all the room that there is beside the node.
var largest = Item{ID: "large", XML: bytes.Repeat([]byte("x"), MaxBytes-100)}

func TestAStoreThatIsTooLargeCanBeMadeSmaller(t *testing.T) {
	t.Parallel()
	ok := must(t)
	s := &Store{nodes: []*Node{
		{Key: Key{Event, "a"}, Items: []Item{largest}},
		{Key: Key{Event, "b"}, Items: []Item{{ID: "b", XML: make([]byte, 2_000)}}},
	}} // as an older program may have left it, with other limits
	s = ok(s.Publish(Key{Event, "b"}, Item{ID: "b", XML: make([]byte, 1_000)}, nil))
	if _, err := s.Publish(Key{Event, "b"}, Item{ID: "b", XML: make([]byte, 2_000)}, nil); !errors.Is(err, ErrFull) {
		t.Errorf("grown again: %v", err)
	}
}

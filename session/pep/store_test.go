package pep

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"
)

var mood = Key{Event, "urn:example:mood"}

func item(id string) Item {
	return Item{ID: id, XML: []byte("<x xmlns='urn:example:x'>" + id + "</x>")}
}

func must(t *testing.T) func(*Store, error) *Store {
	return func(s *Store, err error) *Store {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
}

func ids(n *Node) (list []string) {
	for _, it := range n.Items {
		list = append(list, it.ID)
	}
	return list
}

func TestANodeKeepsTheNewestItems(t *testing.T) {
	t.Parallel()
	ok := must(t)
	var s *Store
	for _, id := range []string{"a", "b", "c"} {
		s = ok(s.Publish(mood, item(id), nil))
	}
	if got := ids(s.Node(mood)); !slices.Equal(got, []string{"c"}) {
		t.Errorf("a node with the default configuration keeps %v", got)
	}
	s = ok(s.Configure(mood, Config{MaxItems: 2}))
	for _, id := range []string{"d", "c", "e"} {
		s = ok(s.Publish(mood, item(id), nil))
	}
	if got := ids(s.Node(mood)); !slices.Equal(got, []string{"c", "e"}) {
		t.Errorf("a node of two keeps %v", got)
	}
}

func TestOptionsOfPublishingMustFit(t *testing.T) {
	t.Parallel()
	ok := must(t)
	var s *Store
	open := func(c Config) Config {
		c.Access = Open
		return c
	}
	closed := func(c Config) Config {
		c.Access = Whitelist
		return c
	}
	s = ok(s.Publish(mood, item("a"), open))
	s = ok(s.Publish(mood, item("b"), open))
	if _, err := s.Publish(mood, item("c"), closed); !errors.Is(err, ErrConfig) {
		t.Errorf("another configuration: %v", err)
	}
	if _, err := s.Publish(mood, item("c"), nil); err != nil {
		t.Errorf("no configuration asked for: %v", err)
	}
}

func TestWhatIsNotKeptIsNotThere(t *testing.T) {
	t.Parallel()
	ok := must(t)
	var s *Store
	s = ok(s.Publish(mood, item("a"), func(Config) Config { return Config{Fleeting: true} }))
	if n := s.Node(mood); n == nil || len(n.Items) != 0 {
		t.Errorf("got %v", n)
	}
}

func TestANodeKeepsNoMoreItemsThanTheLimit(t *testing.T) {
	t.Parallel()
	ok := must(t)
	s := ok((*Store)(nil).Configure(mood, Config{MaxItems: MaxItems + 1}))
	for i := range MaxItems + 1 {
		s = ok(s.Publish(mood, item(fmt.Sprint(i)), nil))
	}
	if got := ids(s.Node(mood)); len(got) != MaxItems || got[0] != "1" {
		t.Errorf("it keeps %d items, the oldest of which is %s", len(got), got[0])
	}
}

func TestRetractPurgeDelete(t *testing.T) {
	t.Parallel()
	ok := must(t)
	var s *Store
	for _, f := range []func() (*Store, error){
		func() (*Store, error) { return s.Retract(mood, "a") },
		func() (*Store, error) { return s.Purge(mood) },
		func() (*Store, error) { return s.Delete(mood) },
	} {
		if _, err := f(); !errors.Is(err, ErrNoNode) {
			t.Errorf("without a node: %v", err)
		}
	}
	s = ok(s.Publish(mood, item("a"), nil))
	if _, err := s.Retract(mood, "b"); !errors.Is(err, ErrNoItem) {
		t.Errorf("without the item: %v", err)
	}
	if got := ok(s.Retract(mood, "a")).Node(mood); len(got.Items) != 0 {
		t.Errorf("retracted, and there: %v", got.Items)
	}
	if got := ok(s.Delete(mood)).Node(mood); got != nil {
		t.Errorf("deleted, and there: %v", got)
	}
	if got := ids(s.Node(mood)); !slices.Equal(got, []string{"a"}) {
		t.Errorf("an operation changed the store before it: %v", got)
	}
}

func TestAFullStoreRefusesAndStays(t *testing.T) {
	t.Parallel()
	ok := must(t)
	var s *Store
	for i := range MaxNodes {
		s = ok(s.Publish(Key{Event, fmt.Sprint(i)}, item("a"), nil))
	}
	if _, err := s.Publish(mood, item("a"), nil); !errors.Is(err, ErrNodes) {
		t.Errorf("one node too many: %v", err)
	}
	if _, err := s.Affiliate(Key{Event, "0"}, members(MaxAffiliates+1)); !errors.Is(err, ErrAffiliates) {
		t.Errorf("one affiliate too many: %v", err)
	}
	big := Item{ID: "big", XML: bytes.Repeat([]byte("x"), MaxBytes)}
	if _, err := (*Store)(nil).Publish(mood, big, nil); !errors.Is(err, ErrFull) {
		t.Errorf("too large: %v", err)
	}
}

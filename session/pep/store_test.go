package pep

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
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
	if _, err := s.Publish(mood, item("a"), nil); !errors.Is(err, ErrFull) {
		t.Errorf("one node too many: %v", err)
	}
	big := Item{ID: "big", XML: bytes.Repeat([]byte("x"), MaxBytes)}
	if _, err := (*Store)(nil).Publish(mood, big, nil); !errors.Is(err, ErrFull) {
		t.Errorf("too large: %v", err)
	}
}

func TestADocumentGivesTheStoreBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var s *Store
		for range rapid.IntRange(0, 20).Draw(t, "steps") {
			k := Key{Kind(rapid.IntRange(0, 2).Draw(t, "kind")), rapid.SampledFrom([]string{"", "a", "b"}).Draw(t, "name")}
			c := Config{Access: Access(rapid.IntRange(0, 2).Draw(t, "access")), MaxItems: rapid.IntRange(0, 3).Draw(t, "max"), Fleeting: rapid.Bool().Draw(t, "fleeting"), Silent: rapid.Bool().Draw(t, "silent")}
			next, err := s.Publish(k, item(rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "id")), nil)
			if rapid.Bool().Draw(t, "configure") {
				next, err = s.Configure(k, c)
			}
			if err != nil {
				t.Fatal(err)
			}
			s = next
		}
		if s == nil {
			return
		}
		doc := s.Encode()
		if len(doc) > s.size() {
			t.Fatalf("%d bytes are more than the bound %d", len(doc), s.size())
		}
		again, err := Decode(7, doc)
		if err != nil || again.Revision() != 7 || !bytes.Equal(again.Encode(), doc) {
			t.Fatalf("%v: %v", err, again)
		}
	})
}

func FuzzDecode(f *testing.F) {
	s, _ := (*Store)(nil).Publish(mood, item("a"), nil)
	f.Add(s.Encode())
	f.Add([]byte{1, 0, 0, 0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := Decode(1, data); err == nil {
			if _, err := Decode(1, s.Encode()); err != nil {
				t.Fatal(err)
			}
		}
	})
}

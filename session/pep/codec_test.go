package pep

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write golden files that don't exist yet")

// golden returns the bytes of a golden file, which is never written over.
func golden(t *testing.T, name string, got []byte) []byte {
	t.Helper()
	file := filepath.Join("testdata", name)
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && *update {
		text = []byte(hex.EncodeToString(got) + "\n")
		err = os.WriteFile(file, text, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	want, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	return want
}

// plain has one of everything but lists.
func plain(t *testing.T) *Store {
	ok := must(t)
	s := ok((*Store)(nil).Publish(mood, item("a"), nil))
	s = ok(s.Configure(Key{Event, "urn:example:open"}, Config{Access: Open, MaxItems: 3, Fleeting: true, Silent: true}))
	s = ok(s.Publish(Key{Private, "urn:example:x x"}, item(""), nil))
	return ok(s.Publish(Key{Card, ""}, item(""), nil))
}

// listed has lists too.
func listed(t *testing.T) *Store {
	ok := must(t)
	s := ok(plain(t).Configure(mood, Config{Access: Roster, Groups: []string{"Friends", "Work"}}))
	return ok(s.Affiliate(mood, []Affiliate{{"bob@localhost", Member}, {"carol@localhost", Outcast}}))
}

// subscribed has subscribers too.
func subscribed(t *testing.T) *Store {
	ok := must(t)
	s := ok(listed(t).Subscribe(mood, "dave@localhost/phone"))
	return ok(s.Subscribe(mood, "dave@localhost"))
}

func TestTheDocumentIsFrozen(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*Store{"store.v1.hex": plain(t), "store.v2.hex": listed(t), "store.v3.hex": subscribed(t)} {
		want := golden(t, name, s.Encode())
		if got := s.Encode(); !bytes.Equal(got, want) {
			t.Errorf("%s: encoded as\n%x, want\n%x", name, got, want)
		}
		if again, err := Decode(1, want); err != nil || !bytes.Equal(again.Encode(), want) {
			t.Errorf("%s: %v, read as %v", name, err, again)
		}
	}
}

func TestADocumentOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	for _, v := range []byte{0, subscribedVersion + 1} {
		doc := subscribed(t).Encode()
		doc[0] = v
		if _, err := Decode(1, doc); !errors.Is(err, ErrDocument) {
			t.Errorf("version %d: %v", v, err)
		}
	}
}

// drawStore makes a store by any operations.
func drawStore(t *rapid.T) (s *Store) {
	names := rapid.SampledFrom([]string{"", "a", "b"})
	for range rapid.IntRange(0, 20).Draw(t, "steps") {
		k := Key{Kind(rapid.IntRange(0, 2).Draw(t, "kind")), names.Draw(t, "name")}
		next, err := s, error(nil)
		switch rapid.IntRange(0, 6).Draw(t, "operation") {
		case 0:
			next, err = s.Configure(k, drawConfig(t))
		case 1:
			next, err = s.Affiliate(k, []Affiliate{drawAffiliate(t)})
		case 2:
			next, err = s.Retract(k, "1")
		case 3:
			next, err = s.Subscribe(k, drawSubscriber(t))
		case 4:
			next, err = s.Unsubscribe(k, drawSubscriber(t))
		default:
			next, err = s.Publish(k, item(rapid.SampledFrom([]string{"1", "2", "3"}).Draw(t, "id")), nil)
		}
		switch {
		case err == nil:
			s = next
		case !errors.Is(err, ErrNoNode) && !errors.Is(err, ErrNoItem) && !errors.Is(err, ErrNotSubscribed):
			t.Fatal(err)
		}
	}
	return s
}

func drawConfig(t *rapid.T) Config {
	return Config{
		Access: Access(rapid.IntRange(0, 3).Draw(t, "access")), MaxItems: rapid.IntRange(0, 3).Draw(t, "max"),
		Groups:   rapid.SampledFrom([][]string{nil, {"f"}, {"f", "w"}}).Draw(t, "groups"),
		Fleeting: rapid.Bool().Draw(t, "fleeting"), Silent: rapid.Bool().Draw(t, "silent"),
	}
}

func drawAffiliate(t *rapid.T) Affiliate {
	return Affiliate{rapid.SampledFrom(readers).Draw(t, "jid"), Affiliation(rapid.IntRange(0, 2).Draw(t, "affiliation"))}
}

func drawSubscriber(t *rapid.T) string {
	return rapid.SampledFrom(readers).Draw(t, "subscriber") + rapid.SampledFrom([]string{"", "/a", "/b/c"}).Draw(t, "resource")
}

func TestADocumentGivesTheStoreBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := drawStore(t)
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
	s, _ = s.Configure(mood, Config{Access: Roster, Groups: []string{"f"}})
	s, _ = s.Affiliate(mood, []Affiliate{{"bob@localhost", Member}})
	f.Add(s.Encode())
	s, _ = s.Subscribe(mood, "bob@localhost/b")
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

package roster

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/rollcall-xmpp/rollcall/events"
)

var update = flag.Bool("update", false, "write golden files that don't exist yet")

// sample has one of everything.
func sample(t testing.TB) *Roster {
	t.Helper()
	r := with(t, map[events.JID]Subscription{alice: To})
	for _, item := range []*Item{
		{JID: bob, Name: "Bob", Groups: []string{"Friends", "Work"}, Subscription: Both, Approved: true},
		{JID: carol, Name: "Käthe", Subscription: From, Ask: true},
	} {
		var err error
		if r, err = r.withItem(item); err != nil {
			t.Fatal(err)
		}
	}
	c, err := r.Inbound(alice, Subscribe, Every, []byte("<presence type='subscribe'/>"))
	return must(t, c, err).WithVersion(7)
}

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

func TestTheDocumentIsFrozen(t *testing.T) {
	t.Parallel()
	freeze(t, "roster.v1.hex", sample(t))
}

// freeze compares a roster of version 7 with its golden file.
func freeze(t *testing.T, name string, r *Roster) {
	t.Helper()
	want := golden(t, name, r.Encode())
	if got := r.Encode(); !bytes.Equal(got, want) {
		t.Errorf("encoded as\n%x, frozen as\n%x", got, want)
	}
	got, err := Decode(7, want)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("decoded as %+v, %v, want %+v", got, err, r)
	}
}

func TestTheEmptyRosterHasADocument(t *testing.T) {
	t.Parallel()
	r, err := Decode(3, (*Roster)(nil).Encode())
	if err != nil || r.Len() != 0 || r.Version() != 3 {
		t.Errorf("%+v, %v", r, err)
	}
}

// marshal makes a document of a version that this program doesn't write.
func marshal(t testing.TB, fields ...any) []byte {
	t.Helper()
	doc, err := msgpack.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

type list = []any

func TestFieldsOfALaterProgramAreSkipped(t *testing.T) {
	t.Parallel()
	doc := marshal(t, 1,
		list{list{"bob@localhost", "Bob", list{"Friends"}, 3, 2, 0, 0, "later", list{1}}},
		list{list{"carol@localhost", []byte("<presence/>"), 0, "later"}},
		list{0}, "later", list{list{}})
	r, err := Decode(1, doc)
	if err != nil {
		t.Fatal(err)
	}
	item, _ := r.Get(bob)
	if want := (Item{JID: bob, Name: "Bob", Groups: []string{"Friends"}, Subscription: Both, Approved: true}); !reflect.DeepEqual(item, want) {
		t.Errorf("%+v, want %+v", item, want)
	}
	if !r.state(carol).pendingIn {
		t.Error("carol's request is missing")
	}
}

func TestADocumentThatCantBeReadIsAnError(t *testing.T) {
	t.Parallel()
	doc := sample(t).Encode()
	item := func(jid string) list { return list{jid, "", list{}, 0, 0} }
	for name, doc := range map[string][]byte{
		"nothing":                 nil,
		"truncated":               doc[:len(doc)-1],
		"a map":                   {0x81, 1, 2},
		"too few fields":          marshal(t, 1, list{}),
		"a later version":         marshal(t, 2, list{}, list{}),
		"too few fields of one":   marshal(t, 1, list{list{"bob@localhost"}}, list{}),
		"no JID":                  marshal(t, 1, list{item("")}, list{}),
		"a full JID":              marshal(t, 1, list{item("bob@localhost/x")}, list{}),
		"an unknown subscription": marshal(t, 1, list{list{"bob@localhost", "", list{}, 4, 0}}, list{}),
		"out of order":            marshal(t, 1, list{item("b@localhost"), item("a@localhost")}, list{}),
		"an item twice":           marshal(t, 1, list{item("a@localhost"), item("a@localhost")}, list{}),
		"a request twice":         marshal(t, 1, list{}, list{list{"a@localhost", []byte{}}, list{"a@localhost", []byte{}}}),
		"an array without an end": {0x93, 1, 0xdd, 0xff, 0xff, 0xff, 0xff},
		"a long array":            {0x93, 1, 0xdd, 0, 0, 0, 9, 0x90, 0x90},
		"too long":                make([]byte, events.MaxDocument+1),
		"too deep":                append([]byte{0x94, 1, 0x90, 0x90}, bytes.Repeat([]byte{0x91}, events.MaxDocument-4)...),
	} {
		if r, err := Decode(1, doc); !errors.Is(err, ErrDocument) {
			t.Errorf("%s: %+v, %v, want ErrDocument", name, r, err)
		}
	}
}

func TestALengthThatIsNotThereCostsNoMemory(t *testing.T) {
	doc := marshal(t, 1, list{}, list{list{"a@b", []byte("x")}})
	doc = append(doc[:len(doc)-3:len(doc)-3], 0xc6, 0xdb, 0xdb, 0xdb, 0xdb) // in place of the request
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Decode(1, doc); !errors.Is(err, ErrDocument) {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were allocated", n)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(sample(f).Encode())
	f.Add(marshal(f, 1, list{list{"a@b", "", list{}, 1, 1}}, list{list{"a@b", []byte("x")}}))
	f.Fuzz(func(t *testing.T, doc []byte) {
		r, err := Decode(1, doc)
		if err != nil {
			return
		}
		written := r.Encode()
		if len(written) > r.itemBytes+r.requestBytes+16 {
			t.Errorf("%d bytes, accounted as %d and %d", len(written), r.itemBytes, r.requestBytes)
		}
		again, err := Decode(1, written)
		if err != nil || !bytes.Equal(again.Encode(), written) {
			t.Errorf("%+v became %+v, %v", r, again, err)
		}
	})
}

func BenchmarkDecode5000(b *testing.B) {
	doc := large(b, 5000).Encode()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(1, doc); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEncode5000(b *testing.B) {
	r := large(b, 5000)
	b.ReportAllocs()
	for b.Loop() {
		r.Encode()
	}
}

func BenchmarkSetIn5000(b *testing.B) {
	r := large(b, 5000)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Set(stranger(2500), "Renamed", nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWatchedByIn5000(b *testing.B) {
	r := large(b, 5000)
	b.ReportAllocs()
	for b.Loop() {
		if !r.WatchedBy(stranger2500) {
			b.Fatal("not watched")
		}
	}
}

var stranger2500 = stranger(2500)

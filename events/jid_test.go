package events

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
)

func TestParseJID(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxPart)
	for _, test := range []struct{ in, local, domain, resource string }{
		// RFC 7622, 3.5, table 1.
		{"juliet@example.com", "juliet", "example.com", ""},
		{"juliet@example.com/foo", "juliet", "example.com", "foo"},
		{"juliet@example.com/foo bar", "juliet", "example.com", "foo bar"},
		{"juliet@example.com/foo@bar", "juliet", "example.com", "foo@bar"},
		{`foo\20bar@example.com`, `foo\20bar`, "example.com", ""},
		{"fussball@example.com", "fussball", "example.com", ""},
		{"fußball@example.com", "fußball", "example.com", ""},
		{"π@example.com", "π", "example.com", ""},
		{"Σ@example.com/foo", "σ", "example.com", "foo"},
		{"σ@example.com/foo", "σ", "example.com", "foo"},
		{"ς@example.com/foo", "ς", "example.com", "foo"},
		{"king@example.com/♚", "king", "example.com", "♚"},
		{"example.com", "", "example.com", ""},
		{"example.com/foobar", "", "example.com", "foobar"},
		{"a.example.com/b@example.net", "", "a.example.com", "b@example.net"},
		// More that is prepared.
		{"Juliet@EXAMPLE.com/Foo", "juliet", "example.com", "Foo"},
		{"JÜRGEN@example.com", "jürgen", "example.com", ""},
		{"ju\u0308rgen@example.com", "jürgen", "example.com", ""}, // composed (NFC)
		{"juliet@ｅｘａｍｐｌｅ.com", "juliet", "example.com", ""},
		{"juliet@xn--bcher-kva.example", "juliet", "bücher.example", ""},
		{"juliet@bücher.example", "juliet", "bücher.example", ""},
		{"juliet@example.com.", "juliet", "example.com", ""},
		{"juliet@[2001:DB8::1]/x", "juliet", "[2001:db8::1]", "x"},
		{"juliet@192.0.2.1", "juliet", "192.0.2.1", ""},
		{"juliet@localhost/a/b/c", "juliet", "localhost", "a/b/c"},
		{"juliet@localhost/\u00a0x", "juliet", "localhost", " x"}, // every space is U+0020
		{long + "@" + "example.com/" + long, long, "example.com", long},
	} {
		j, err := ParseJID(test.in)
		if err != nil || j.Local() != test.local || j.Domain() != test.domain || j.Resource() != test.resource {
			t.Errorf("%.60q is %.60q, %.60q, %.60q, %v", test.in, j.Local(), j.Domain(), j.Resource(), err)
		}
		if n, err := NewJID(test.local, test.domain, test.resource); err != nil || n != j {
			t.Errorf("%.60q from its parts is %.60q, %v", test.in, n, err)
		}
		if s := StoredJID(j.String()); s != j {
			t.Errorf("%.60q stored is %.60q", test.in, s)
		}
	}
}

func TestParseJIDRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", maxPart+1)
	for _, in := range []string{
		// RFC 7622, 3.5, table 2; a leading space in a resource is not among
		// them here, because OpaqueString (RFC 8265, 4.2) permits it.
		`"juliet"@example.com`, "foo bar@example.com", "@example.com/", "henryⅣ@example.com", "♚@example.com", "juliet@", "/foobar",
		"", "@", "/", "juliet@/foo", "juliet@example.com/", "a@b@example.com", "a<b@example.com", "a&b@example.com", "a:b@example.com", "o'hara@example.com",
		"juliet@exam ple.com", "juliet@[::1", "juliet@[xyz]", "juliet@[]", "juliet@.", "juliet@-a-.com", "juliet@xn--", "juliet@x\u2135.example",
		"juliet@example.com/\x00", "juliet@example.com/\u200e\u0007", "\xff@example.com", "juliet@\xff", "juliet@example.com/\xff",
		long + "@example.com", "juliet@example.com/" + long, "juliet@" + long,
	} {
		if j, err := ParseJID(in); !errors.Is(err, ErrInvalidJID) {
			t.Errorf("%.60q is %.60q, %v", in, j, err)
		}
	}
	for _, parts := range [][3]string{{"a@b", "c", ""}, {"a/b", "c", ""}, {"a", "b/c", ""}, {"a", "b@c", ""}, {"a", "", "c"}} {
		if j, err := NewJID(parts[0], parts[1], parts[2]); !errors.Is(err, ErrInvalidJID) {
			t.Errorf("%q is %q, %v", parts, j, err)
		}
	}
}

func TestFormsOfAJID(t *testing.T) {
	t.Parallel()
	full, err := ParseJID("juliet@example.com/a")
	if err != nil {
		t.Fatal(err)
	}
	bare := full.Bare()
	if bare.String() != "juliet@example.com" || !bare.IsBare() || full.IsBare() || bare.Bare() != bare {
		t.Errorf("bare form %q", bare)
	}
	again, err := bare.WithResource("a")
	if err != nil || again != full || again.Clone() != full {
		t.Errorf("%q, %v", again, err)
	}
	if _, err := bare.WithResource(""); !errors.Is(err, ErrInvalidJID) {
		t.Errorf("an empty resource: %v", err)
	}
	if !(JID{}).IsZero() || full.IsZero() || StoredJID("") != (JID{}) {
		t.Error("the zero JID")
	}
}

func TestAJIDInJSON(t *testing.T) {
	t.Parallel()
	in := []JID{StoredJID("juliet@example.com/a"), {}}
	text, err := json.Marshal(in)
	if err != nil || string(text) != `["juliet@example.com/a",""]` {
		t.Errorf("%s, %v", text, err)
	}
	var out []JID
	if err := json.Unmarshal(text, &out); err != nil || out[0] != in[0] || out[1] != in[1] {
		t.Errorf("%v, %v", out, err)
	}
	if err := json.Unmarshal([]byte(`["@"]`), &out); !errors.Is(err, ErrInvalidJID) {
		t.Errorf("an invalid one: %v", err)
	}
}

// FuzzJID: a prepared JID is its own preparation, is made of its parts, and is
// the same when it was stored.
func FuzzJID(f *testing.F) {
	for _, s := range []string{"juliet@example.com/foo", "Σ@bücher.example", "a.example.com/b@example.net", "x@[::1]", "x@xn--bcher-kva.de", "x@ß.de/é", "@", "x@a。b", "x@x\u2135"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		j, err := ParseJID(s)
		if err != nil {
			if !errors.Is(err, ErrInvalidJID) || !j.IsZero() {
				t.Errorf("%q: %q, %v", s, j, err)
			}
			return
		}
		if again, err := ParseJID(j.String()); err != nil || again != j {
			t.Errorf("%q is %q, and that is %q, %v", s, j, again, err)
		}
		if n, err := NewJID(j.Local(), j.Domain(), j.Resource()); err != nil || n != j {
			t.Errorf("%q is %q, and of its parts %q, %v", s, j, n, err)
		}
		if StoredJID(j.String()) != j || StoredJID(j.Bare().String()) != j.Bare() {
			t.Errorf("%q stored differs", j)
		}
		for _, part := range []string{j.Local(), j.Domain(), j.Resource()} {
			if len(part) > maxPart {
				t.Errorf("%q has a part of %d bytes", s, len(part))
			}
		}
	})
}

func TestJIDsAreOrderedByDomainThenAccountThenResource(t *testing.T) {
	t.Parallel()
	sorted := []string{"a.example", "bob@a.example", "bob@a.example/desk", "bob@a.example/phone", "carol@a.example", "alice@b.example"}
	for i, a := range sorted {
		for k, b := range sorted {
			x, errX := ParseJID(a)
			y, errY := ParseJID(b)
			if errX != nil || errY != nil {
				t.Fatal(errX, errY)
			}
			if got := x.Compare(y); (got < 0) != (i < k) || (got == 0) != (i == k) {
				t.Errorf("%s and %s: %d", a, b, got)
			}
		}
	}
}

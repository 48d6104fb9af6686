package auth

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/rollcall-xmpp/rollcall/events"
)

var update = flag.Bool("update", false, "write golden files that don't exist yet")

// fixed are credentials that come out the same at every run.
func fixed(t testing.TB) *Credentials {
	t.Helper()
	c := &Credentials{
		Disabled: true, Role: "admin", Created: time.UnixMilli(1700000000123).UTC(), Changed: time.UnixMilli(1700000009999).UTC(),
		Further:   []string{"support", "operator"},
		Disabling: Disabling{Until: time.UnixMilli(1700000099999).UTC(), Reason: "spam", By: "cli ann@example"},
	}
	var err error
	if c.SHA256, err = deriveKeys(hashSHA256, password, []byte("0123456789abcdef"), Iterations); err != nil {
		t.Fatal(err)
	}
	if c.SHA1, err = deriveKeys(hashSHA1, password, []byte("fedcba9876543210"), Iterations); err != nil {
		t.Fatal(err)
	}
	return c
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
	c := fixed(t)
	want := golden(t, "credentials.v1.disabling.hex", c.Encode())
	if got := c.Encode(); !bytes.Equal(got, want) {
		t.Errorf("encoded as\n%x, frozen as\n%x", got, want)
	}
	got, err := DecodeCredentials(want)
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("decoded as %+v, %v, want %+v", got, err, c)
	}
}

// A document written before there were further roles and the end of a
// disabling.
func TestAnOlderDocumentIsRead(t *testing.T) {
	t.Parallel()
	want := fixed(t)
	want.Further, want.Disabling = nil, Disabling{}
	got, err := DecodeCredentials(golden(t, "credentials.v1.hex", nil))
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("decoded as %+v, %v, want %+v", got, err, want)
	}
	again, err := DecodeCredentials(want.Encode())
	if err != nil || !reflect.DeepEqual(again, want) {
		t.Errorf("after another writing %+v, %v, want %+v", again, err, want)
	}
}

func TestADisablingEndsAtItsTime(t *testing.T) {
	t.Parallel()
	c := fixed(t)
	end := c.Disabling.Until
	if !c.DisabledAt(end.Add(-time.Millisecond)) || c.DisabledAt(end) {
		t.Error("it does not end when it should")
	}
	c.Disabling.Until = time.Time{}
	if !c.DisabledAt(end.AddDate(100, 0, 0)) {
		t.Error("one without an end has ended")
	}
	c.Disabled = false
	if c.DisabledAt(end) {
		t.Error("it never was")
	}
}

// appendField adds an element to the array that doc is.
func appendField(t *testing.T, doc []byte) []byte {
	t.Helper()
	if doc[0]&0xf0 != 0x90 {
		t.Fatalf("%x isn't a short array", doc[0])
	}
	more, err := msgpack.Marshal([]any{"later", []int{1, 2}})
	if err != nil {
		t.Fatal(err)
	}
	return append(append([]byte{doc[0] + 1}, doc[1:]...), more...)
}

func TestFieldsOfALaterProgramAreSkipped(t *testing.T) {
	t.Parallel()
	c := fixed(t)
	got, err := DecodeCredentials(appendField(t, c.Encode()))
	if err != nil || !reflect.DeepEqual(got, c) {
		t.Errorf("%+v, %v, want %+v", got, err, c)
	}
}

func TestADocumentThatCantBeReadIsAnError(t *testing.T) {
	t.Parallel()
	doc := fixed(t).Encode()
	later := bytes.Clone(doc)
	later[1] = 2
	for name, doc := range map[string][]byte{
		"nothing":         nil,
		"truncated":       doc[:len(doc)-1],
		"nil":             {0xc0},
		"a map":           {0x81, 1, 2},
		"too few fields":  {0x92, 1, 2},
		"a later version": later,
	} {
		if c, err := DecodeCredentials(doc); !errors.Is(err, ErrDocument) {
			t.Errorf("%s: %+v, %v, want ErrDocument", name, c, err)
		}
	}
	c := fixed(t)
	c.SHA256.Iterations = maxIterations + 1
	if _, err := DecodeCredentials(c.Encode()); !errors.Is(err, ErrDocument) {
		t.Errorf("iterations that would take a second: %v", err)
	}
	c = fixed(t)
	c.Further = make([]string, MaxFurther+1)
	if _, err := DecodeCredentials(c.Encode()); !errors.Is(err, ErrDocument) {
		t.Errorf("too many further roles: %v", err)
	}
	c = fixed(t)
	c.SHA1.Salt = make([]byte, maxBytes+1)
	if _, err := DecodeCredentials(c.Encode()); !errors.Is(err, ErrDocument) {
		t.Errorf("a salt that is too long: %v", err)
	}
}

func TestThePasswordIsNotStored(t *testing.T) {
	t.Parallel()
	const long = "correct horse battery staple"
	a, err := NewCredentials(long, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewCredentials(long, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(a.Encode(), []byte(long)) {
		t.Error("the document has the password")
	}
	if bytes.Equal(a.SHA256.Salt, b.SHA256.Salt) || bytes.Equal(a.SHA256.Salt, a.SHA1.Salt) || bytes.Equal(a.SHA256.StoredKey, b.SHA256.StoredKey) {
		t.Error("two accounts share salts or keys")
	}
}

func TestAChangedPasswordKeepsTheRest(t *testing.T) {
	t.Parallel()
	before := fixed(t)
	after, err := before.WithPassword("other", time.UnixMilli(1800000000000))
	if err != nil {
		t.Fatal(err)
	}
	if after.Created != before.Created || after.Role != before.Role || !slices.Equal(after.Further, before.Further) || after.Disabling != before.Disabling || after.Disabled != before.Disabled || !after.Changed.Equal(time.UnixMilli(1800000000000)) {
		t.Errorf("%+v, made of %+v", after, before)
	}
	for _, test := range []struct {
		password string
		want     bool
	}{{"other", true}, {password, false}} {
		if ok, err := after.Verifies(test.password); ok != test.want || err != nil {
			t.Errorf("%q is verified: %v, %v", test.password, ok, err)
		}
	}
	if !reflect.DeepEqual(before, fixed(t)) {
		t.Error("the old credentials changed")
	}
}

// A document of credentials is far from events.MaxDocument, whatever it holds.
func TestTheLongestDocumentFitsTheStore(t *testing.T) {
	t.Parallel()
	b := make([]byte, maxBytes)
	k := Keys{Salt: b, Iterations: maxIterations, StoredKey: b, ServerKey: b}
	c := Credentials{SHA256: k, SHA1: k, Role: "admin", Created: time.UnixMilli(math.MaxInt64), Changed: time.UnixMilli(math.MaxInt64)}
	if n := len(c.Encode()); n > events.MaxDocument {
		t.Errorf("%d bytes", n)
	}
}

func TestPasswordsArePrepared(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ in, want string }{
		{"pencil", "pencil"},
		{"I\u00adX", "IX"},         // RFC 4013, section 3: soft hyphen maps to nothing
		{"\u2168", "IX"},           // and ROMAN NUMERAL NINE by NFKC
		{"a\u00a0b", "a b"},        // non-ASCII space
		{"pass🐎word", "pass🐎word"}, // not in Unicode 3.2: OpaqueString
	} {
		if got, err := preparePassword(test.in); got != test.want || err != nil {
			t.Errorf("%q: %q, %v, want %q", test.in, got, err, test.want)
		}
	}
	for _, bad := range []string{"", "\u00ad", "a\x00b", "a\nb", "a\x7f", "\xff", strings.Repeat("x", maxPassword+1)} {
		if got, err := preparePassword(bad); !errors.Is(err, ErrPassword) {
			t.Errorf("%q: %q, %v, want ErrPassword", bad, got, err)
		}
		if _, err := NewCredentials(bad, time.Now()); !errors.Is(err, ErrPassword) {
			t.Errorf("%q: %v, want ErrPassword", bad, err)
		}
	}
}

func TestALengthThatIsNotThereCostsNoMemory(t *testing.T) {
	doc := fixed(t).Encode()
	at := bytes.IndexByte(doc, 0xc4) // bin 8
	doc = append(doc[:at:at], 0xc6, 0xdb, 0xdb, 0xdb, 0xdb)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := DecodeCredentials(doc); !errors.Is(err, ErrDocument) {
		t.Error(err)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were allocated", n)
	}
}

func FuzzDecodeCredentials(f *testing.F) {
	f.Add(fixed(f).Encode())
	f.Add([]byte{0x97, 1})
	f.Fuzz(func(t *testing.T, doc []byte) {
		c, err := DecodeCredentials(doc)
		if err != nil {
			return
		}
		again, err := DecodeCredentials(c.Encode())
		if err != nil || !bytes.Equal(again.Encode(), c.Encode()) {
			t.Errorf("%+v became %+v, %v", c, again, err)
		}
	})
}

func BenchmarkNewCredentials(b *testing.B) {
	for b.Loop() {
		if _, err := NewCredentials(password, time.Time{}); err != nil {
			b.Fatal(err)
		}
	}
}

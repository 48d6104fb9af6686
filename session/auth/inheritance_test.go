package auth

import (
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// inheriting knows of accounts that came with keys for SHA-1, 10,000 iterations and the
// text of a UUID for a salt.
func inheriting(t *testing.T) *Authenticator {
	t.Helper()
	c, err := FromKeys(Keys{}, brought(t, hashSHA1, "pencil", 10_000), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	in, ok := InheritanceOf(c)
	if !ok {
		t.Fatal("they are no inheritance")
	}
	a, err := New(Config{Accounts: stored{"user@localhost": c, "user@example.org": c}, Secret: secret, Inherited: func(domain string) (Inheritance, bool) {
		return in, domain == "localhost"
	}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestADomainThatInheritedKeysOffersWhatWorksWithThem(t *testing.T) {
	t.Parallel()
	a := inheriting(t)
	x := a.Begin("localhost", bound)
	if got := x.Mechanisms(); !slices.Equal(got, []string{"SCRAM-SHA-1-PLUS", "SCRAM-SHA-1", "PLAIN"}) {
		t.Errorf("it offers %q", got)
	}
	if r := x.Start(t.Context(), "SCRAM-SHA-256", []byte("n,,n=user,r=abc")); r.Condition != InvalidMechanism {
		t.Errorf("SCRAM-SHA-256 gives %+v", r)
	}
	for _, mechanism := range []string{"SCRAM-SHA-1", "PLAIN"} {
		l := login{mechanism: mechanism, user: "user", password: "pencil"}
		if r := last(l.run(t, a.Begin("localhost", secured))); r.Kind != Success {
			t.Errorf("%s gives %+v", mechanism, r)
		}
	}
	if got := a.Begin("example.org", secured).Mechanisms(); !slices.Equal(got, []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"}) {
		t.Errorf("another domain offers %q", got)
	}
}

// Neither the count nor the salt tells an account that came from none.
func TestAnUnknownUserOfSuchADomainLooksLikeAKnownOne(t *testing.T) {
	t.Parallel()
	a := inheriting(t)
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[string]string{}
	for _, user := range []string{"nobody", "nobody", "somebody"} {
		r := a.Begin("localhost", secured).Start(t.Context(), "SCRAM-SHA-1", []byte("n,,n="+user+",r=abc"))
		_, s, _ := strings.Cut(string(r.Data), ",s=")
		s, iterations, _ := strings.Cut(s, ",i=")
		salt, err := base64.StdEncoding.DecodeString(s)
		if err != nil || iterations != "10000" || !form.Match(salt) {
			t.Errorf("%s is answered with %s, and has the salt %q", user, r.Data, salt)
		}
		if before, ok := seen[user]; ok && before != string(salt) {
			t.Errorf("the salt of %s changes", user)
		}
		seen[user] = string(salt)
	}
	if seen["nobody"] == seen["somebody"] {
		t.Error("all have the same salt")
	}
	for _, length := range []int{1, 16, 100, maxBytes} {
		if s := (Inheritance{Salt: length}).salt(func(n int) []byte { return hashSHA256.mac(secret, string(rune(n))) }); len(s) != length {
			t.Errorf("a salt of %d bytes has %d", length, len(s))
		}
	}
}

func TestAnInheritanceIsFrozen(t *testing.T) {
	t.Parallel()
	for doc, want := range map[string]Inheritance{"01904e2401": {10_000, 36, true}, "0180201000": {4096, 16, false}} {
		if got := hex.EncodeToString(want.Encode()); got != doc {
			t.Errorf("%+v is %s", want, got)
		}
		data, err := hex.DecodeString(doc + "ff") // of a later program
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeInheritance(data); got != want || err != nil {
			t.Errorf("%s is %+v, %v", doc, got, err)
		}
	}
	for _, doc := range []string{"", "02904e2401", "01", "0190", "01904e", "01904e24", "01002401", "01904e0001", "01ffffffffffffffffff012401"} {
		data, err := hex.DecodeString(doc)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := DecodeInheritance(data); err == nil {
			t.Errorf("%s is %+v", doc, got)
		}
	}
}

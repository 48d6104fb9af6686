package auth

import (
	"bytes"
	"encoding/base64"
	"errors"
	"regexp"
	"strings"
	"testing"
)

// tryTwice logs in with a wrong password at two connectors that share the
// secret, and returns the first one's replies and the salt that both sent.
func tryTwice(t *testing.T, s stored, mechanism, user string) ([]Reply, string) {
	t.Helper()
	l := login{mechanism: mechanism, user: user, password: "wrong"}
	first := l.run(t, authenticator(t, s).Begin("localhost", secured))
	second := l.run(t, authenticator(t, s).Begin("localhost", secured))
	a, b := serverFirst(t, first[0]), serverFirst(t, second[0])
	if a["s"] != b["s"] {
		t.Errorf("%s: salts %s and %s at two tries", user, a["s"], b["s"])
	}
	return first, a["s"]
}

var serverFirstForm = regexp.MustCompile(`^r=[!-+\--~]+,s=[A-Za-z0-9+/]{22}==,i=4096$`)

func serverFirst(t *testing.T, r Reply) map[string]string {
	t.Helper()
	if !serverFirstForm.Match(r.Data) {
		t.Fatalf("server-first-message %q", r.Data)
	}
	fields := map[string]string{}
	for f := range strings.SplitSeq(string(r.Data), ",") {
		k, v, _ := strings.Cut(f, "=")
		fields[k] = v
	}
	return fields
}

func TestAnUnknownUserLooksLikeAWrongPassword(t *testing.T) {
	t.Parallel()
	s := accounts(t)
	for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-1"} {
		known, knownSalt := tryTwice(t, s, mechanism, "alice")
		unknown, unknownSalt := tryTwice(t, s, mechanism, "nobody")
		_, otherSalt := tryTwice(t, s, mechanism, "noone")
		if knownSalt == unknownSalt || unknownSalt == otherSalt {
			t.Errorf("%s: accounts share a salt", mechanism)
		}
		if len(known) != len(unknown) || len(known[0].Data) != len(unknown[0].Data) {
			t.Errorf("%s: the first messages differ in form: %q and %q", mechanism, known[0].Data, unknown[0].Data)
		}
		a, b := last(known), last(unknown)
		if a.Kind != b.Kind || a.Condition != b.Condition || !bytes.Equal(a.Data, b.Data) {
			t.Errorf("%s: the answers differ: %+v and %+v", mechanism, a, b)
		}
	}
}

func TestTheSaltsOfOneUnknownUserDifferByHash(t *testing.T) {
	t.Parallel()
	_, a := tryTwice(t, stored{}, "SCRAM-SHA-256", "nobody")
	_, b := tryTwice(t, stored{}, "SCRAM-SHA-1", "nobody")
	if a == b {
		t.Error("one salt for both hash functions, which no account has")
	}
}

// The keys made up for an unknown user must not verify even for somebody who
// could compute the proof that fits them, which is why admit asks for more.
func TestMadeUpKeysAdmitNobody(t *testing.T) {
	t.Parallel()
	r := admit(mustAccount(t, "nobody"), nil, true, []byte("v="))
	if r.Kind != Failure || r.Condition != NotAuthorized || r.Data != nil {
		t.Errorf("%+v, want not-authorized without data", r)
	}
}

// Every message that a known account refuses for its form is refused the same
// way for an unknown one.
func TestAMalformedFinalMessageTellsNothing(t *testing.T) {
	t.Parallel()
	a := authenticator(t, accounts(t))
	proof := base64.StdEncoding.EncodeToString(make([]byte, 32))
	for _, form := range []string{
		"c=biws,r=NONCE,p=" + proof,
		"c=biws,r=NONCE,p=AAAA",
		"c=biws,r=NONCE,p=",
		"c=biws,r=NONCE",
		"c=biws,r=other,p=" + proof,
		"c=eSws,r=NONCE,p=" + proof,
		"c=biws,p=" + proof,
		"",
		"\xff",
	} {
		var got []Condition
		for _, user := range []string{"alice", "nobody", "mallory"} {
			x := a.Begin("localhost", secured)
			r := x.Start(t.Context(), "SCRAM-SHA-256", []byte("n,,n="+user+",r=abc"))
			final := strings.Replace(form, "NONCE", "abc"+strings.TrimPrefix(strings.Split(string(r.Data), ",")[0], "r=abc"), 1)
			r = x.Step(t.Context(), []byte(final))
			if r.Kind != Failure {
				t.Fatalf("%q: %+v, want a failure", form, r)
			}
			got = append(got, r.Condition)
		}
		if got[0] != got[1] || got[0] != got[2] {
			t.Errorf("%q: %v for a known, an unknown and a disabled user", form, got)
		}
	}
}

func TestCredentialsWithoutKeysAdmitNobody(t *testing.T) {
	t.Parallel()
	a := authenticator(t, stored{"alice@localhost": {}, "bob@localhost": nil})
	for _, user := range []string{"alice", "bob"} {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"} {
			l := login{mechanism: mechanism, user: user, password: password}
			r := last(l.run(t, a.Begin("localhost", secured)))
			if r.Condition != NotAuthorized || !errors.Is(r.Err, ErrNoAccount) {
				t.Errorf("%s by %s: %+v, want not-authorized", user, mechanism, r)
			}
		}
	}
}

package auth

import (
	"encoding/base64"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

func mustAccount(t testing.TB, user string) events.JID {
	t.Helper()
	j, err := events.NewJID(user, "localhost", "")
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// The exchanges of RFC 5802, section 5 and RFC 7677, section 3: user "user",
// password "pencil".
func TestTheExchangesOfTheRFCs(t *testing.T) {
	t.Parallel()
	for _, v := range []struct {
		mechanism         string
		hash              hashFunc
		salt, nonce       string
		first, challenge  string
		final, additional string
	}{{
		mechanism:  "SCRAM-SHA-1",
		hash:       hashSHA1,
		salt:       "QSXCR+Q6sek8bf92",
		nonce:      "3rfcNHYJY1ZVvWVs7j",
		first:      "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
		challenge:  "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
		final:      "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
		additional: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ=",
	}, {
		mechanism:  "SCRAM-SHA-256",
		hash:       hashSHA256,
		salt:       "W22ZaJ0SNY7soEsUEjb6gQ==",
		nonce:      "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
		first:      "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
		challenge:  "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
		final:      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
		additional: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
	}} {
		salt, err := base64.StdEncoding.DecodeString(v.salt)
		if err != nil {
			t.Fatal(err)
		}
		keys, err := deriveKeys(v.hash, "pencil", salt, 4096)
		if err != nil {
			t.Fatal(err)
		}
		cred := &Credentials{SHA1: keys}
		if v.hash.name == hashSHA256.name {
			cred = &Credentials{SHA256: keys}
		}
		a := authenticator(t, stored{"user@localhost": cred})
		a.nonce = func() string { return v.nonce }
		x := a.Begin("localhost", Channel{})
		if r := x.Start(t.Context(), v.mechanism, []byte(v.first)); r.Kind != Challenge || string(r.Data) != v.challenge {
			t.Errorf("%s: %+v %s, want the challenge %s", v.mechanism, r, r.Data, v.challenge)
		}
		if r := x.Step(t.Context(), []byte(v.final)); r.Kind != Success || string(r.Data) != v.additional {
			t.Errorf("%s: %+v %s, want success with %s", v.mechanism, r, r.Data, v.additional)
		}
	}
}

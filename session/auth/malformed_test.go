package auth

import (
	"bytes"
	"strings"
	"testing"
)

// malformed are first messages by mechanism that break its grammar.
var malformed = map[string][]string{
	"SCRAM-SHA-256": {
		"",
		",",
		"n",
		"n,,",
		"n,,,",
		"n,,n=alice",
		"n,,n=alice,",
		"n,,n=alice,r=",
		"n,,n=alice,x=abc",
		"n,,alice,r=abc",
		"n,,r=abc,n=alice",
		"n,,n=alice,r=a b",
		"n,,n=alice,r=\x7f",
		"n,,n=al=ice,r=abc",
		"n,,n=al=2cice,r=abc",
		"n,,n=alice=,r=abc",
		"n,alice,n=alice,r=abc",
		"n,a=al=ice,n=alice,r=abc",
		"x,,n=alice,r=abc",
		"N,,n=alice,r=abc",
		"n=tls-exporter,,n=alice,r=abc",
		"n,,m=ext,n=alice,r=abc",
		"n,,n=ali\x00ce,r=abc",
		"n,,n=ali\xffce,r=abc",
		"p=tls-exporter,,n=alice,r=abc",
		"n,,n=" + strings.Repeat("a", maxMessage) + ",r=abc",
	},
	"SCRAM-SHA-256-PLUS": {
		"",
		"n,,n=alice,r=abc",
		"y,,n=alice,r=abc",
		"p,,n=alice,r=abc",
		"p=,,n=alice,r=abc",
		"p=no-such-binding,,n=alice,r=abc",
	},
	"PLAIN": {
		"",
		"alice",
		"\x00",
		"\x00\x00",
		"\x00alice\x00",
		"\x00\x00pencil",
		"alice\x00pencil",
		"\x00alice\x00pencil\x00",
		"\x00alice\x00pen\x00cil",
		"\x00ali\xffce\x00pencil",
		"\x00alice\x00" + strings.Repeat("p", maxMessage),
	},
}

func TestMalformedMessagesAreRefused(t *testing.T) {
	t.Parallel()
	a := authenticator(t, accounts(t))
	for mechanism, messages := range malformed {
		for _, msg := range messages {
			x := a.Begin("localhost", bound)
			r := x.Start(t.Context(), mechanism, []byte(msg))
			if r.Kind != Failure || r.Condition != MalformedRequest || r.Err == nil || !r.Account.IsZero() {
				t.Errorf("%s %.40q: %+v, want malformed-request", mechanism, msg, r)
			}
			if r := x.Step(t.Context(), []byte(msg)); r.Condition != MalformedRequest {
				t.Errorf("%s %.40q went on: %+v", mechanism, msg, r)
			}
		}
	}
}

func TestAnotherTypeOfBindingIsNotAuthorized(t *testing.T) {
	t.Parallel()
	x := authenticator(t, accounts(t)).Begin("localhost", bound)
	r := x.Start(t.Context(), "SCRAM-SHA-256-PLUS", []byte("p=tls-unique,,n=alice,r=abc"))
	if r.Condition != NotAuthorized {
		t.Errorf("%+v, want not-authorized", r)
	}
}

func TestTextIsDecodedStrictly(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		text string
		want string
		none bool
		bad  bool
	}{
		{text: "", none: true},
		{text: "=", want: ""},
		{text: "biws", want: "n,,"},
		{text: "YQ==", want: "a"},
		{text: "YQ", bad: true},
		{text: "YR==", bad: true},
		{text: "Y=Q=", bad: true},
		{text: "bi\nws", bad: true},
		{text: "biws\r\n", bad: true},
		{text: " biws", bad: true},
		{text: "bi-_", bad: true},
		{text: "==", bad: true},
	} {
		got, ok := DecodeText(test.text)
		if ok == test.bad || string(got) != test.want || (got == nil) != (test.none || test.bad) {
			t.Errorf("%q: %q %v, want %+v", test.text, got, ok, test)
		}
	}
}

func TestTextIsEncodedAsItsElementAsks(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind Kind
		data []byte
		want string
	}{
		{Challenge, nil, ""},
		{Challenge, []byte("r="), "cj0="},
		{Success, nil, ""},
		{Success, []byte{}, "="},
		{Success, []byte("v="), "dj0="},
	} {
		if got := EncodeText(test.kind, test.data); got != test.want {
			t.Errorf("%d %q: %q, want %q", test.kind, test.data, got, test.want)
		}
	}
}

// FuzzStep sends any two messages by any mechanism. Nothing but the right
// password may end in success, at most once in an exchange, and PLAIN never
// asks for more than its message.
func FuzzStep(f *testing.F) {
	for _, m := range mechanisms {
		for _, msg := range malformed[m.name] {
			f.Add(m.name, []byte(msg), []byte("c=biws,r=abc,p=AAAA"))
		}
		f.Add(m.name, []byte("n,,n=alice,r=abc"), []byte("c=biws,r=abc,p=AAAA"))
	}
	right := []byte("\x00alice\x00" + password)
	f.Add("PLAIN", right, []byte("more"))
	f.Add("PLAIN", right, right)
	a := authenticator(f, accounts(f))
	f.Fuzz(func(t *testing.T, mechanism string, first, second []byte) {
		x := a.Begin("localhost", bound)
		over := false
		for i, msg := range [][]byte{first, second} {
			var r Reply
			if i == 0 {
				r = x.Start(t.Context(), mechanism, msg)
			} else {
				r = x.Step(t.Context(), msg)
			}
			switch {
			case r.Kind == Success && over:
				t.Errorf("%q %q: admitted %v after the end of the exchange", first, second, r.Account)
			case r.Kind == Success && !bytes.HasSuffix(msg, []byte("\x00"+password)):
				t.Errorf("%q %q: admitted %v", first, second, r.Account)
			case r.Kind == Failure && (r.Condition == "" || r.Err == nil):
				t.Errorf("%q %q: a failure without its reason: %+v", first, second, r)
			case r.Kind == Challenge && mechanism == "PLAIN" && (i > 0 || msg != nil):
				t.Errorf("%q %q: PLAIN asks for more", first, second)
			}
			over = over || r.Kind != Challenge
		}
	})
}

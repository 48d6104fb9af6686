package auth

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/xdg-go/scram"

	"github.com/rollcall-xmpp/rollcall/events"
)

const password = "pencil"

var (
	secret   = []byte("a secret of at least 16 bytes")
	exporter = bytes.Repeat([]byte{7}, 32)
	endPoint = bytes.Repeat([]byte{9}, 32)
	bound    = Channel{Secured: true, Exporter: exporter}
	secured  = Channel{Secured: true}

	errStore = errors.New("the store is down")
)

// stored is the accounts of a test: those in the map, and "down@localhost",
// which can't be looked up.
type stored map[string]*Credentials

func (s stored) Credentials(_ context.Context, account events.JID) (*Credentials, error) {
	if account.Local() == "down" {
		return nil, errStore
	}
	c, ok := s[account.String()]
	if !ok {
		return nil, ErrNoAccount
	}
	return c, nil
}

// accounts are alice, who may come in, and mallory, who is disabled.
func accounts(t testing.TB) stored {
	t.Helper()
	alice, err := NewCredentials(password, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	alice.Role = "admin"
	mallory := *alice
	mallory.Disabled = true
	return stored{"alice@localhost": alice, "a=b@localhost": alice, "mallory@localhost": &mallory}
}

func authenticator(t testing.TB, s stored) *Authenticator {
	t.Helper()
	a, err := New(Config{Accounts: s, Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// A login is what a client does with a mechanism.
type login struct {
	mechanism, user, password, authzid string
	binding                            []byte // what the client believes
	endPoint                           bool   // the binding is of type tls-server-end-point
	advertise                          bool   // "y": the client thinks that we can't bind
	noInitial                          bool   // the first message is sent after an empty challenge
}

func (l login) client(t testing.TB) *scram.ClientConversation {
	t.Helper()
	h := scram.SHA256
	if strings.Contains(l.mechanism, "SHA-1") {
		h = scram.SHA1
	}
	c, err := h.NewClient(l.user, l.password, l.authzid)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case l.endPoint:
		return c.NewConversationWithChannelBinding(scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: l.binding})
	case l.binding != nil:
		return c.NewConversationWithChannelBinding(scram.ChannelBinding{Type: scram.ChannelBindingTLSExporter, Data: l.binding})
	case l.advertise:
		return c.NewConversationAdvertisingChannelBinding()
	}
	return c.NewConversation()
}

// run logs in and returns every reply. The client checks the server's proof.
func (l login) run(t testing.TB, x *Exchange) []Reply {
	t.Helper()
	var replies []Reply
	send := func(msg string) Reply {
		var r Reply
		switch {
		case len(replies) > 0:
			r = x.Step(t.Context(), []byte(msg))
		case l.noInitial:
			if r = x.Start(t.Context(), l.mechanism, nil); r.Kind != Challenge || r.Data != nil {
				t.Fatalf("without an initial response: %+v, want an empty challenge", r)
			}
			r = x.Step(t.Context(), []byte(msg))
		default:
			r = x.Start(t.Context(), l.mechanism, []byte(msg))
		}
		replies = append(replies, r)
		return r
	}
	if l.mechanism == "PLAIN" {
		send(l.authzid + "\x00" + l.user + "\x00" + l.password)
		return replies
	}
	client := l.client(t)
	msg, err := client.Step("")
	for err == nil && !client.Done() {
		r := send(msg)
		if r.Kind == Failure {
			return replies
		}
		msg, err = client.Step(string(r.Data))
	}
	if err != nil || !client.Valid() {
		t.Fatalf("the client doesn't trust the server: %v", err)
	}
	return replies
}

func last(replies []Reply) Reply { return replies[len(replies)-1] }

func TestEveryMechanismAdmitsAClientThatKnowsThePassword(t *testing.T) {
	t.Parallel()
	a := authenticator(t, accounts(t))
	for _, l := range []login{
		{mechanism: "SCRAM-SHA-256-PLUS", binding: exporter},
		{mechanism: "SCRAM-SHA-1-PLUS", binding: exporter},
		{mechanism: "SCRAM-SHA-256"},
		{mechanism: "SCRAM-SHA-1"},
		{mechanism: "PLAIN"},
	} {
		for _, noInitial := range []bool{false, true} {
			for _, authzid := range []string{"", "alice@localhost", "Alice@LOCALHOST"} {
				l := l
				l.user, l.password, l.noInitial, l.authzid = "Alice", password, noInitial, authzid
				r := last(l.run(t, a.Begin("localhost", bound)))
				if r.Kind != Success || r.Account.String() != "alice@localhost" || r.Role != "admin" {
					t.Errorf("%+v: %+v, want alice admitted as an admin", l, r)
				}
			}
		}
	}
}

func TestAUserNameMayContainCommaAndEquals(t *testing.T) {
	t.Parallel()
	a := authenticator(t, accounts(t))
	l := login{mechanism: "SCRAM-SHA-256", user: "a=b", password: password}
	if r := last(l.run(t, a.Begin("localhost", secured))); r.Account.String() != "a=b@localhost" || r.Kind != Success {
		t.Errorf("a=3Db: %+v, want success for a=b", r)
	}
	l.user = "a,b"
	if r := last(l.run(t, a.Begin("localhost", secured))); r.Condition != NotAuthorized || r.Account.String() != "a,b@localhost" {
		t.Errorf("a=2Cb: %+v, want the unknown user a,b", r)
	}
}

func TestARefusedLoginGetsTheConditionOfItsCause(t *testing.T) {
	t.Parallel()
	a := authenticator(t, accounts(t))
	for name, test := range map[string]struct {
		login
		ch   Channel
		want Condition
		err  error
	}{
		"wrong password":            {login{user: "alice", password: "pen"}, secured, NotAuthorized, ErrWrongPassword},
		"unknown user":              {login{user: "bob", password: password}, secured, NotAuthorized, ErrNoAccount},
		"disabled":                  {login{user: "mallory", password: password}, secured, AccountDisabled, ErrDisabled},
		"disabled, wrong password":  {login{user: "mallory", password: "pen"}, secured, NotAuthorized, ErrWrongPassword},
		"store is down":             {login{user: "down", password: password}, secured, TemporaryAuthFailure, errStore},
		"no user name":              {login{user: "a@b", password: password}, secured, NotAuthorized, events.ErrInvalidJID},
		"acting for another":        {login{user: "alice", password: password, authzid: "bob@localhost"}, secured, InvalidAuthzid, errAuthzid},
		"acting for a resource":     {login{user: "alice", password: password, authzid: "alice@localhost/x"}, secured, InvalidAuthzid, errAuthzid},
		"acting for a bare name":    {login{user: "alice", password: password, authzid: "alice"}, secured, InvalidAuthzid, errAuthzid},
		"unknown acting for others": {login{user: "bob", password: password, authzid: "alice@localhost"}, secured, InvalidAuthzid, errAuthzid},
	} {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"} {
			l := test.login
			l.mechanism = mechanism
			r := last(l.run(t, a.Begin("localhost", test.ch)))
			if r.Kind != Failure || r.Condition != test.want || !errors.Is(r.Err, test.err) {
				t.Errorf("%s by %s: %+v, want %s for %v", name, mechanism, r, test.want, test.err)
			}
		}
	}
}

func TestChannelBindingMustFitTheChannel(t *testing.T) {
	t.Parallel()
	a := authenticator(t, accounts(t))
	other := bytes.Repeat([]byte{8}, 32)
	both := Channel{Secured: true, Exporter: exporter, EndPoint: endPoint}
	for name, test := range map[string]struct {
		login
		ch   Channel
		want Condition
	}{
		"a man in the middle has another channel": {login{mechanism: "SCRAM-SHA-256-PLUS", binding: other}, bound, NotAuthorized},
		"a man in the middle has a certificate":   {login{mechanism: "SCRAM-SHA-256-PLUS", binding: other, endPoint: true}, both, NotAuthorized},
		"the data of another type":                {login{mechanism: "SCRAM-SHA-256-PLUS", binding: exporter, endPoint: true}, both, NotAuthorized},
		"a type that the channel hasn't":          {login{mechanism: "SCRAM-SHA-256-PLUS", binding: endPoint, endPoint: true}, bound, NotAuthorized},
		"-PLUS was hidden from the client":        {login{mechanism: "SCRAM-SHA-256", advertise: true}, bound, NotAuthorized},
		"-PLUS without binding":                   {login{mechanism: "SCRAM-SHA-256-PLUS"}, bound, MalformedRequest},
		"-PLUS with y":                            {login{mechanism: "SCRAM-SHA-256-PLUS", advertise: true}, bound, MalformedRequest},
		"binding without -PLUS":                   {login{mechanism: "SCRAM-SHA-256", binding: exporter}, bound, MalformedRequest},
		"-PLUS on a channel that can't":           {login{mechanism: "SCRAM-SHA-256-PLUS", binding: exporter}, secured, InvalidMechanism},
	} {
		l := test.login
		l.user, l.password = "alice", password
		if r := last(l.run(t, a.Begin("localhost", test.ch))); r.Kind != Failure || r.Condition != test.want {
			t.Errorf("%s: %+v, want %s", name, r, test.want)
		}
	}
	honest := login{mechanism: "SCRAM-SHA-256", user: "alice", password: password, advertise: true}
	if r := last(honest.run(t, a.Begin("localhost", secured))); r.Kind != Success {
		t.Errorf("y where -PLUS isn't offered: %+v, want success", r)
	}
}

func TestMechanismsAreOfferedByChannel(t *testing.T) {
	t.Parallel()
	a := authenticator(t, nil)
	for _, test := range []struct {
		ch   Channel
		want string
	}{
		{Channel{}, "SCRAM-SHA-256 SCRAM-SHA-1"},
		{Channel{AllowPlaintext: true}, "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN"},
		{secured, "SCRAM-SHA-256 SCRAM-SHA-1 PLAIN"},
		{bound, "SCRAM-SHA-256-PLUS SCRAM-SHA-1-PLUS SCRAM-SHA-256 SCRAM-SHA-1 PLAIN"},
	} {
		if got := strings.Join(a.Begin("localhost", test.ch).Mechanisms(), " "); got != test.want {
			t.Errorf("%+v: %s, want %s", test.ch, got, test.want)
		}
	}
}

func TestAnExchangeIsTakenInTurn(t *testing.T) {
	t.Parallel()
	a := authenticator(t, accounts(t))
	good := []byte("\x00alice\x00" + password)
	x := a.Begin("localhost", secured)
	for _, step := range []struct {
		name  string
		reply Reply
		kind  Kind
		want  Condition
	}{
		{"response before auth", x.Step(t.Context(), good), Failure, MalformedRequest},
		{"unknown mechanism", x.Start(t.Context(), "GSSAPI", nil), Failure, InvalidMechanism},
		{"auth", x.Start(t.Context(), "PLAIN", nil), Challenge, ""},
		{"auth during auth", x.Start(t.Context(), "PLAIN", good), Failure, MalformedRequest},
		{"response after that", x.Step(t.Context(), good), Failure, MalformedRequest},
		{"auth again", x.Start(t.Context(), "PLAIN", nil), Challenge, ""},
		{"abort", x.Abort(), Failure, Aborted},
		{"response after abort", x.Step(t.Context(), good), Failure, MalformedRequest},
		{"auth once more", x.Start(t.Context(), "PLAIN", nil), Challenge, ""},
		{"not base64", x.Reject(), Failure, IncorrectEncoding},
		{"at last", x.Start(t.Context(), "PLAIN", good), Success, ""},
		{"auth after success", x.Start(t.Context(), "PLAIN", good), Failure, MalformedRequest},
		{"response after success", x.Step(t.Context(), good), Failure, MalformedRequest},
	} {
		if step.reply.Kind != step.kind || step.reply.Condition != step.want {
			t.Errorf("%s: %+v, want %d %s", step.name, step.reply, step.kind, step.want)
		}
	}
}

func TestPlainIsRefusedWithoutEncryption(t *testing.T) {
	t.Parallel()
	a := authenticator(t, accounts(t))
	l := login{mechanism: "PLAIN", user: "alice", password: password}
	if r := last(l.run(t, a.Begin("localhost", Channel{}))); r.Condition != EncryptionRequired {
		t.Errorf("in the clear: %+v, want encryption-required", r)
	}
	if r := last(l.run(t, a.Begin("localhost", Channel{AllowPlaintext: true}))); r.Kind != Success {
		t.Errorf("in the clear, as allowed: %+v, want success", r)
	}
}

func TestASecretMustBeLong(t *testing.T) {
	t.Parallel()
	if _, err := New(Config{Accounts: stored{}, Secret: []byte("too short")}); err == nil {
		t.Error("a secret of 9 bytes was taken")
	}
}

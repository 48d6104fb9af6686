package auth

import (
	"context"
	"fmt"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
)

// maxMessage is the longest message of a client in bytes, decoded: room for
// two JIDs and a password. A longer one is a malformed request.
const maxMessage = 8 << 10

// An Exchange is one connection's SASL negotiation. It is used by one
// goroutine at a time. After a Failure it can be started again; how often is
// the caller's to limit. After Success it refuses everything.
type Exchange struct {
	// Gate, if not nil, is asked before a client's password or its proof of one is
	// checked, once for each. Where it says no, nothing is looked at: the exchange fails
	// with temporary-auth-failure and ErrHeldBack, as late as if it had been.
	Gate func(account events.JID) bool

	auth      *Authenticator
	host      string
	domain    Domain // of host
	inherited bool   // host has an Inheritance
	ch        Channel
	conv      conversation // nil unless one is under way
	done      bool         // succeeded

	names  []events.JID // of the client's certificate
	looked bool         // that names were looked for
}

// A conversation is a mechanism at work: it takes the client's next message.
type conversation interface {
	step(ctx context.Context, msg []byte) Reply
}

// Mechanisms lists what to offer, the strongest first.
func (x *Exchange) Mechanisms() []string {
	var names []string
	for _, m := range mechanisms {
		if m.offered(x) {
			names = append(names, m.name)
		}
	}
	return names
}

// Start begins a negotiation with the client's initial response, nil if it
// sent none (see [DecodeText]). Start during a negotiation ends that one as a
// malformed request.
func (x *Exchange) Start(ctx context.Context, name string, initial []byte) Reply {
	if x.conv != nil || x.done {
		x.conv = nil
		return fail(MalformedRequest, events.JID{}, fmt.Errorf("%w: <auth/> out of turn", errSyntax))
	}
	i := slices.IndexFunc(mechanisms, func(m mechanism) bool { return m.name == name })
	switch {
	case i < 0:
		return fail(InvalidMechanism, events.JID{}, fmt.Errorf("mechanism %.40q isn't known", name))
	case mechanisms[i].plaintext && mechanisms[i].fits(x) && !x.ch.plaintext():
		return fail(EncryptionRequired, events.JID{}, fmt.Errorf("%s without TLS", name))
	case !mechanisms[i].offered(x):
		return fail(InvalidMechanism, events.JID{}, fmt.Errorf("mechanism %s wasn't offered", name))
	}
	x.conv = mechanisms[i].begin(x)
	if initial == nil {
		// Every mechanism here has the client speak first (RFC 4422, section 5).
		return Reply{Kind: Challenge}
	}
	return x.Step(ctx, initial)
}

// Step takes a response of the client. Nothing but a Challenge leaves the
// negotiation open.
func (x *Exchange) Step(ctx context.Context, response []byte) Reply {
	conv := x.conv
	x.conv = nil
	if conv == nil {
		return fail(MalformedRequest, events.JID{}, fmt.Errorf("%w: <response/> out of turn", errSyntax))
	}
	if len(response) > maxMessage {
		return fail(MalformedRequest, events.JID{}, fmt.Errorf("%w: %d bytes, the limit is %d", errSyntax, len(response), maxMessage))
	}
	r := conv.step(ctx, response)
	switch r.Kind {
	case Challenge:
		x.conv = conv
	case Success:
		x.done = true
	}
	return r
}

// Abort ends the negotiation at the client's wish (RFC 6120, section 6.4.4).
func (x *Exchange) Abort() Reply {
	x.conv = nil
	return fail(Aborted, events.JID{}, nil)
}

// Reject ends the negotiation for a message that [DecodeText] couldn't read.
func (x *Exchange) Reject() Reply {
	x.conv = nil
	return fail(IncorrectEncoding, events.JID{}, fmt.Errorf("%w: not base64", errSyntax))
}

// account prepares a user name. A name that can't be one fails as if it were
// unknown; that tells nothing but what the client knows.
func (x *Exchange) account(user string) (events.JID, error) {
	local, err := events.PrepareLocal(user)
	if err != nil {
		return events.JID{}, err
	}
	return events.NewJID(local, x.host, "")
}

// admits asks the gate.
func (x *Exchange) admits(account events.JID) bool { return x.Gate == nil || x.Gate(account) }

// mayActAs reports that the authorization identity is the account itself, said
// or implied: acting for somebody else isn't supported (RFC 6120, 6.3.8).
func mayActAs(account events.JID, authzid string) bool {
	if authzid == "" {
		return true
	}
	j, err := events.ParseJID(authzid)
	return err == nil && j == account
}

package auth

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/xdg-go/scram"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A scramConversation is SCRAM (RFC 5802): the client's first message names the
// user, its final one proves that it knows the password.
type scramConversation struct {
	x    *Exchange
	hash hashFunc
	plus bool

	scram   *scram.ServerConversation // nil until the first message came
	account events.JID                // claimed
	cred    *Credentials              // nil if the account doesn't exist
}

func newScramConversation(x *Exchange, h hashFunc, plus bool) *scramConversation {
	return &scramConversation{x: x, hash: h, plus: plus}
}

func (c *scramConversation) step(ctx context.Context, msg []byte) Reply {
	if c.scram == nil {
		return c.first(ctx, msg)
	}
	return c.final(msg)
}

func (c *scramConversation) first(ctx context.Context, msg []byte) Reply {
	if err := c.checkFirst(msg); err != nil {
		return fail(MalformedRequest, events.JID{}, err)
	}
	var refused Reply // why lookup gave no keys
	conv, err := c.begin(msg, func(user string) (scram.StoredCredentials, error) {
		keys, reply := c.lookup(ctx, user)
		refused = reply
		return keys.scram(), reply.Err
	})
	if err != nil {
		return fail(TemporaryAuthFailure, events.JID{}, err)
	}
	serverFirst, err := conv.Step(string(msg))
	switch {
	case refused.Err != nil:
		return refused
	case err != nil:
		return scramFailure(c.account, serverFirst, err)
	case !mayActAs(c.account, conv.AuthzID()):
		return fail(InvalidAuthzid, c.account, errAuthzid)
	}
	c.scram = conv
	return Reply{Kind: Challenge, Data: []byte(serverFirst), Account: c.account}
}

func (c *scramConversation) final(msg []byte) Reply {
	if !c.x.admits(c.account) {
		return fail(TemporaryAuthFailure, c.account, ErrHeldBack)
	}
	serverFinal, err := c.scram.Step(string(msg))
	if err != nil && serverFinal != scram.ErrInvalidProof {
		return scramFailure(c.account, serverFinal, err)
	}
	return admit(c.account, c.cred, err == nil && c.scram.Valid(), []byte(serverFinal))
}

// lookup finds the keys of the user that the first message names, and notes
// the account. Without keys the reply says why.
func (c *scramConversation) lookup(ctx context.Context, user string) (Keys, Reply) {
	account, err := c.x.account(user)
	if err != nil {
		return Keys{}, fail(NotAuthorized, events.JID{}, err)
	}
	c.account = account
	keys, cred, err := c.x.auth.keys(ctx, account, c.hash)
	if err != nil {
		return Keys{}, fail(TemporaryAuthFailure, account, err)
	}
	c.cred = cred
	return keys, Reply{}
}

// begin tells the library what the stream offered: with that it refuses a
// client that supports channel binding and thinks that we don't ("y"). Of
// several types it is told the one that the client's first message names.
func (c *scramConversation) begin(msg []byte, lookup scram.CredentialLookup) (*scram.ServerConversation, error) {
	server, err := scram.HashGeneratorFcn(c.hash.new).NewServer(lookup)
	if err != nil {
		return nil, fmt.Errorf("begin SCRAM: %w", err)
	}
	if c.x.auth.nonce != nil {
		server.WithNonceGenerator(c.x.auth.nonce)
	}
	flag, _, _ := strings.Cut(string(msg), ",")
	binding := c.x.ch.binding(strings.TrimPrefix(flag, "p="))
	if c.plus {
		return server.NewConversationWithChannelBindingRequired(binding), nil
	}
	return server.NewConversationWithChannelBinding(binding), nil
}

// checkFirst refuses what the library lets pass: text that isn't UTF-8, NUL, a
// binding without a -PLUS mechanism (RFC 5802, section 6), and a nonce that is
// empty or unprintable (RFC 5802, section 7).
func (c *scramConversation) checkFirst(msg []byte) error {
	if !utf8.Valid(msg) || bytes.IndexByte(msg, 0) >= 0 {
		return fmt.Errorf("%w: not UTF-8 without NUL", errSyntax)
	}
	if bytes.HasPrefix(msg, []byte("p=")) != c.plus {
		return fmt.Errorf("%w: channel binding doesn't fit the mechanism", errSyntax)
	}
	// gs2-cbind-flag "," [authzid] "," username "," nonce ["," extensions]
	fields := strings.SplitN(string(msg), ",", 5)
	if len(fields) < 4 || !isNonce(strings.TrimPrefix(fields[3], "r=")) {
		return fmt.Errorf("%w: no nonce", errSyntax)
	}
	return nil
}

func isNonce(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool { return r < '!' || r > '~' }) < 0
}

// scramFailure maps the library's error and "e=" value (RFC 5802, section 7).
// All but the values about channel binding are about the message's form. The
// library's text for a failed binding has the binding itself: it is left out.
func scramFailure(account events.JID, serverError string, err error) Reply {
	switch serverError {
	case scram.ErrServerDoesSupportChannelBinding, scram.ErrChannelBindingNotSupported,
		scram.ErrUnsupportedChannelBindingType, scram.ErrChannelBindingsDontMatch:
		return fail(NotAuthorized, account, fmt.Errorf("%w: %s", errBinding, serverError))
	}
	return fail(MalformedRequest, account, fmt.Errorf("%w: %w", errSyntax, err))
}

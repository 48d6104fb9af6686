package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// An anonymousConversation is ANONYMOUS (RFC 4505): whoever asks comes in, with an
// account that nobody had before and nobody has afterwards. The trace information that
// the client sends is not kept.
type anonymousConversation struct{ x *Exchange }

func (c *anonymousConversation) step(_ context.Context, msg []byte) Reply {
	if !utf8.Valid(msg) || utf8.RuneCount(msg) > 255 {
		return fail(MalformedRequest, events.JID{}, fmt.Errorf("%w: trace of more than 255 characters", errSyntax))
	}
	account, err := c.x.account(strings.ToLower(rand.Text()))
	if err != nil {
		return fail(TemporaryAuthFailure, events.JID{}, err)
	}
	return Reply{Kind: Success, Account: account, Role: roles.Guest}
}

package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/rollcall-xmpp/rollcall/events"
)

var errNames = errors.New("the certificate is for several accounts, and none was chosen")

// An externalConversation is EXTERNAL (RFC 4422, appendix A) as XEP-0178 has it: TLS has
// shown whose key the client has, and its certificate says which accounts that stands
// for. The client chooses, if there are several.
type externalConversation struct{ x *Exchange }

func (c *externalConversation) step(ctx context.Context, msg []byte) Reply {
	if !utf8.Valid(msg) {
		return fail(MalformedRequest, events.JID{}, fmt.Errorf("%w: not UTF-8", errSyntax))
	}
	names, authzid := c.x.certified(), string(msg)
	i := slices.IndexFunc(names, func(account events.JID) bool { return mayActAs(account, authzid) })
	switch {
	case i < 0:
		return fail(InvalidAuthzid, events.JID{}, errAuthzid)
	case authzid == "" && len(names) > 1:
		return fail(InvalidAuthzid, events.JID{}, errNames)
	}
	return c.x.enter(ctx, names[i], func() error { return nil })
}

// certified are the accounts that the client's certificate is for, which is looked at
// once.
func (x *Exchange) certified() []events.JID {
	if !x.looked {
		x.names, x.looked = x.domain.Certificates.accounts(x.ch.Client, x.host), true
	}
	return x.names
}

package auth

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/rollcall-xmpp/rollcall/events"
)

// An oauthConversation is OAUTHBEARER (RFC 7628): one message with a token. One that is
// refused is answered by an error in JSON, and that by the client's dummy, before the
// exchange fails (3.2.3).
type oauthConversation struct {
	x       *Exchange
	refused *Reply // nil until the error was sent
}

func (c *oauthConversation) step(ctx context.Context, msg []byte) Reply {
	if c.refused != nil {
		return *c.refused // whatever the client said to the error
	}
	authzid, token, err := splitBearer(msg)
	if err != nil {
		return fail(MalformedRequest, events.JID{}, err)
	}
	r := c.judge(ctx, authzid, token)
	if r.Kind != Failure || r.Condition == TemporaryAuthFailure {
		return r
	}
	c.refused = &r
	return Reply{Kind: Challenge, Data: []byte(`{"status":"invalid_token"}`), Account: r.Account}
}

func (c *oauthConversation) judge(ctx context.Context, authzid, token string) Reply {
	account, err := c.x.domain.tokens().Bearer(ctx, c.x.host, token)
	if err != nil {
		return fail(verdict(err), account, err)
	}
	if !mayActAs(account, authzid) {
		return fail(InvalidAuthzid, account, errAuthzid)
	}
	return c.x.enter(ctx, account, func() error { return nil })
}

// splitBearer reads a gs2-header, "n," authzid ",", and pairs that each end with ^A,
// the last one followed by another; of them auth has the token (RFC 7628, 3.1). The
// host and the port that there may be are not looked at: TLS and the stream's header
// have said where the client wanted to go.
func splitBearer(msg []byte) (authzid, token string, err error) {
	parts := strings.Split(string(msg), "\x01")
	n := len(parts)
	if !utf8.Valid(msg) || bytes.IndexByte(msg, 0) >= 0 || n < 3 || parts[n-1] != "" || parts[n-2] != "" {
		return "", "", fmt.Errorf("%w: no list of pairs", errSyntax)
	}
	header := strings.Split(parts[0], ",")
	if len(header) != 3 || header[0] != "n" && header[0] != "y" || header[2] != "" {
		return "", "", fmt.Errorf("%w: no gs2-header without channel binding", errSyntax)
	}
	if header[1] != "" {
		name, ok := strings.CutPrefix(header[1], "a=")
		if !ok {
			return "", "", fmt.Errorf("%w: no authorization identity", errSyntax)
		}
		authzid = strings.NewReplacer("=2C", ",", "=3D", "=").Replace(name)
	}
	for _, pair := range parts[1 : n-2] {
		if value, ok := strings.CutPrefix(pair, "auth="); ok {
			token, ok = cutScheme(value)
			if !ok {
				return "", "", fmt.Errorf("%w: no token of type Bearer", errSyntax)
			}
		}
	}
	if token == "" {
		return "", "", fmt.Errorf("%w: no token", errSyntax)
	}
	return authzid, token, nil
}

// cutScheme cuts "Bearer " off, in any case (RFC 7628, 3.1; RFC 9110, 11.1).
func cutScheme(value string) (token string, ok bool) {
	scheme, token, ok := strings.Cut(value, " ")
	return strings.TrimLeft(token, " "), ok && strings.EqualFold(scheme, "Bearer")
}

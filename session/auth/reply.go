package auth

import (
	"errors"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Kind says what a [Reply] is.
type Kind uint8

// A reply is a <challenge/>, <success/> or <failure/>.
const (
	Failure Kind = iota
	Challenge
	Success
)

// A Reply is the server's answer to a message of the client.
type Reply struct {
	Kind Kind
	// Data goes into the element by [EncodeText]. With Success it is the
	// additional data, nil if there is none.
	Data []byte
	// Condition is of a Failure.
	Condition Condition
	// Account is the bare JID that was authenticated, or in a Failure the one
	// that was claimed: zero if the client didn't get to claim one.
	Account events.JID
	// Role is the account's primary one, with Success; "" for roles.Default.
	// Further are those that its sessions may take beside.
	Role    string
	Further []string
	// Enrolled says, with Success, that the account's record was made for this login.
	Enrolled bool
	// Err says to the log why it failed. It tells unknown users from wrong
	// passwords and is not for the client.
	Err error
}

// The errors that Reply.Err may be or wrap, beside [ErrNoAccount] and the store's errors.
// ErrDisabled is for the client, too, with the end and the reason.
var (
	ErrWrongPassword = errors.New("wrong password")
	ErrDisabled      = errors.New("account is disabled")
	ErrHeldBack      = errors.New("the gate let no password through")
	errSyntax        = errors.New("malformed SASL message")
	errBinding       = errors.New("channel binding failed")
	errAuthzid       = errors.New("authorization identity isn't the account")
)

// A disabledError is ErrDisabled in the words that its client is told.
type disabledError Disabling

func (e disabledError) Error() string {
	text := "the account is disabled"
	if !e.Until.IsZero() {
		text += " until " + e.Until.UTC().Format(time.RFC3339)
	}
	if e.Reason != "" {
		text += ": " + e.Reason
	}
	return text
}

func (disabledError) Is(target error) bool { return target == ErrDisabled }

func fail(c Condition, account events.JID, err error) Reply {
	return Reply{Kind: Failure, Condition: c, Account: account, Err: err}
}

// admit answers a client that gave proof, right or wrong, of knowing the
// password of an account, of which c is nil if it doesn't exist.
func admit(account events.JID, c *Credentials, proven bool, data []byte) Reply {
	switch {
	case c == nil:
		return fail(NotAuthorized, account, ErrNoAccount)
	case !proven:
		return fail(NotAuthorized, account, ErrWrongPassword)
	case c.DisabledAt(time.Now()):
		return fail(AccountDisabled, account, disabledError(c.Disabling))
	}
	return Reply{Kind: Success, Data: data, Account: account, Role: c.Role, Further: c.Further}
}

package stanza

// A Condition is one of the stanza error conditions that RFC 6120, 8.3.3
// defines.
type Condition string

const (
	BadRequest            Condition = "bad-request"
	Conflict              Condition = "conflict"
	FeatureNotImplemented Condition = "feature-not-implemented"
	Forbidden             Condition = "forbidden"
	Gone                  Condition = "gone"
	InternalServerError   Condition = "internal-server-error"
	ItemNotFound          Condition = "item-not-found"
	JIDMalformed          Condition = "jid-malformed"
	NotAcceptable         Condition = "not-acceptable"
	NotAllowed            Condition = "not-allowed"
	NotAuthorized         Condition = "not-authorized"
	PolicyViolation       Condition = "policy-violation"
	RecipientUnavailable  Condition = "recipient-unavailable"
	Redirect              Condition = "redirect"
	RegistrationRequired  Condition = "registration-required"
	RemoteServerNotFound  Condition = "remote-server-not-found"
	RemoteServerTimeout   Condition = "remote-server-timeout"
	ResourceConstraint    Condition = "resource-constraint"
	ServiceUnavailable    Condition = "service-unavailable"
	SubscriptionRequired  Condition = "subscription-required"
	UndefinedCondition    Condition = "undefined-condition"
	UnexpectedRequest     Condition = "unexpected-request"
)

// An ErrorType tells the sender what to do about a stanza error (RFC 6120,
// 8.3.2).
type ErrorType string

const (
	Auth     ErrorType = "auth"     // retry after providing credentials
	Cancel   ErrorType = "cancel"   // do not retry
	Continue ErrorType = "continue" // go on: it was only a warning
	Modify   ErrorType = "modify"   // retry after changing what was sent
	Wait     ErrorType = "wait"     // retry after waiting
)

// Type returns the error type that RFC 6120, 8.3.3 associates with the
// condition, the first one where it leaves a choice.
func (c Condition) Type() ErrorType {
	switch c {
	case Forbidden, NotAuthorized, RegistrationRequired, SubscriptionRequired:
		return Auth
	case BadRequest, JIDMalformed, NotAcceptable, PolicyViolation, Redirect:
		return Modify
	case RecipientUnavailable, RemoteServerTimeout, ResourceConstraint, UnexpectedRequest:
		return Wait
	}
	return Cancel
}

// An Error is the answer to a stanza that could not be processed (RFC 6120,
// 8.3).
type Error struct {
	Condition Condition
	Type      ErrorType // "" for the condition's own
	// Detail is the content of the condition's element: the new address of Gone
	// and Redirect.
	Detail string
	// Text says more, in English. It is sent; it may be empty.
	Text string
	// App is an application-specific condition (RFC 6120, 8.3.4): one complete
	// element in a namespace of its own, appended as it is. It may be empty.
	App string
}

// Error is for logs; AppendTo writes what the peer gets.
func (e *Error) Error() string {
	if e.Text == "" {
		return "stanza error " + string(e.Condition)
	}
	return "stanza error " + string(e.Condition) + ": " + e.Text
}

// AppendTo appends the error element.
func (e *Error) AppendTo(dst []byte) []byte {
	kind := e.Type
	if kind == "" {
		kind = e.Condition.Type()
	}
	dst = AppendAttr(append(dst, "<error"...), "type", string(kind))
	dst = append(dst, "><"...)
	dst = append(dst, e.Condition...)
	dst = append(dst, " xmlns='"+NSStanzaErrors+"'"...)
	if e.Detail == "" {
		dst = append(dst, "/>"...)
	} else {
		dst = AppendText(append(dst, '>'), e.Detail)
		dst = append(dst, "</"...)
		dst = append(dst, e.Condition...)
		dst = append(dst, '>')
	}
	if e.Text != "" {
		dst = append(dst, "<text xmlns='"+NSStanzaErrors+"' xml:lang='en'>"...)
		dst = AppendText(dst, e.Text)
		dst = append(dst, "</text>"...)
	}
	dst = append(dst, e.App...)
	return append(dst, "</error>"...)
}

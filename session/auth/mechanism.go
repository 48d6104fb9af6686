package auth

// A mechanism is a SASL mechanism that this package knows.
type mechanism struct {
	name      string
	plus      bool // binds the channel
	plaintext bool // shows the password
	begin     func(*Exchange) conversation
}

// mechanisms are in the order of preference (RFC 6120, section 6.3.3).
var mechanisms = []mechanism{
	scramMechanism("SCRAM-SHA-256-PLUS", hashSHA256, true),
	scramMechanism("SCRAM-SHA-1-PLUS", hashSHA1, true),
	scramMechanism("SCRAM-SHA-256", hashSHA256, false),
	scramMechanism("SCRAM-SHA-1", hashSHA1, false),
	{name: "PLAIN", plaintext: true, begin: func(x *Exchange) conversation { return &plainConversation{x} }},
}

// Mechanisms lists the names of all mechanisms that this package knows, in the order
// of preference.
func Mechanisms() []string {
	names := make([]string, len(mechanisms))
	for i, m := range mechanisms {
		names[i] = m.name
	}
	return names
}

func scramMechanism(name string, h hashFunc, plus bool) mechanism {
	return mechanism{name: name, plus: plus, begin: func(x *Exchange) conversation {
		return newScramConversation(x, h, plus)
	}}
}

func (m mechanism) offered(ch Channel) bool {
	switch {
	case m.plus:
		return len(ch.bindings()) > 0
	case m.plaintext:
		return ch.plaintext()
	}
	return true
}

package auth

// A mechanism is a SASL mechanism that this package knows.
type mechanism struct {
	name      string
	plus      bool                 // binds the channel
	plaintext bool                 // shows the password
	fits      func(*Exchange) bool // that is, the stream's domain
	begin     func(*Exchange) conversation
}

// mechanisms are in the order of preference (RFC 6120, section 6.3.3).
var mechanisms = []mechanism{
	{
		name: "EXTERNAL", fits: func(x *Exchange) bool { return len(x.certified()) > 0 },
		begin: func(x *Exchange) conversation { return &externalConversation{x} },
	},
	scramMechanism("SCRAM-SHA-256-PLUS", hashSHA256, true),
	scramMechanism("SCRAM-SHA-1-PLUS", hashSHA1, true),
	scramMechanism("SCRAM-SHA-256", hashSHA256, false),
	scramMechanism("SCRAM-SHA-1", hashSHA1, false),
	{
		name: "OAUTHBEARER", plaintext: true, fits: func(x *Exchange) bool { return x.domain.tokens() != nil },
		begin: func(x *Exchange) conversation { return &oauthConversation{x: x} },
	},
	{
		name: "PLAIN", plaintext: true, fits: func(x *Exchange) bool { return !x.domain.Guests },
		begin: func(x *Exchange) conversation { return &plainConversation{x} },
	},
	{
		name: "ANONYMOUS", fits: func(x *Exchange) bool { return x.domain.Guests },
		begin: func(x *Exchange) conversation { return &anonymousConversation{x} },
	},
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

// scramMechanism needs keys, which only our own accounts have, and those that came from
// another server for SHA-1 alone.
func scramMechanism(name string, h hashFunc, plus bool) mechanism {
	return mechanism{
		name: name, plus: plus, fits: func(x *Exchange) bool { return x.domain.Own() && (h.name == hashSHA1.name || !x.inherited) },
		begin: func(x *Exchange) conversation { return newScramConversation(x, h, plus) },
	}
}

func (m mechanism) offered(x *Exchange) bool {
	switch {
	case !m.fits(x):
		return false
	case m.plus:
		return len(x.ch.bindings()) > 0
	case m.plaintext:
		return x.ch.plaintext()
	}
	return true
}

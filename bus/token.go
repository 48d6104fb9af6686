package bus

import (
	"crypto/sha256"
	"encoding/base32"
	"strconv"

	"github.com/rollcall-xmpp/rollcall/events"
)

// maxToken is the length in bytes beyond which a token is replaced by a hash:
// the server keeps every subject in memory.
const maxToken = 96

const hexDigits = "0123456789abcdef"

var hashText = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// token writes any text as one token of a subject. Different texts have
// different tokens. Bytes of [a-z0-9-] stay, any other is _ and two hex digits;
// a text that gets longer than 96 bytes is ~ and its SHA-256 in base32, and the
// empty text is _. So it has none of . * > nor white space.
func token(s string) string { return string(appendToken(make([]byte, 0, maxToken), s, '~')) }

// appendToken marks a hash by the given byte: keys of a bucket can't have ~.
func appendToken(b []byte, s string, mark byte) []byte {
	if s == "" {
		return append(b, '_')
	}
	start := len(b)
	for i := range len(s) {
		switch c := s[i]; {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '-':
			b = append(b, c)
		default:
			b = append(b, '_', hexDigits[c>>4], hexDigits[c&15])
		}
		if len(b)-start > maxToken {
			sum := sha256.Sum256([]byte(s))
			return hashText.AppendEncode(append(b[:start], mark), sum[:])
		}
	}
	return b
}

// appendAccount appends the tokens of an account: domain.user.
func appendAccount(b []byte, account events.JID, mark byte) []byte {
	b = append(appendToken(b, account.Domain(), mark), '.')
	return appendToken(b, account.Local(), mark)
}

// accountSubject is prefix.pp.domain.user, where pp is the account's virtual
// partition: two hex digits of FNV-32a over "domain.user". A stream that
// has too many accounts for one server can be split along pp.
func accountSubject(prefix string, account events.JID) string {
	return string(appendAccountSubject(make([]byte, 0, maxSubject), prefix, account))
}

// LogSubject is the subject of an account's records in the stream that keeps the
// log, for whoever writes or reads that without a Log.
func LogSubject(account events.JID) string { return accountSubject(logPrefix, account) }

// maxSubject is the length of most accounts' subjects at most, in bytes.
const maxSubject = 32 + 2*maxToken

func appendAccountSubject(b []byte, prefix string, account events.JID) []byte {
	b = append(append(b, prefix...), ".pp."...)
	tail := len(b)
	b = appendAccount(b, account, '~')
	pp := byte(fnv32a(b[tail:]))
	b[tail-3], b[tail-2] = hexDigits[pp>>4], hexDigits[pp&15]
	return b
}

// incarnationSubject is where a connector's incarnation receives what others
// send it.
func incarnationSubject(to events.Incarnation) string {
	return toPrefix + "." + token(to.Name) + "." + strconv.FormatUint(to.Epoch, 10)
}

// fnv32a is hash/fnv's New32a without its allocation.
func fnv32a(b []byte) uint32 {
	h := uint32(2166136261)
	for _, c := range b {
		h = (h ^ uint32(c)) * 16777619
	}
	return h
}

// accountKey is an account's key in a bucket: domain.user.
func accountKey(account events.JID) string {
	return string(appendAccount(make([]byte, 0, 2*maxToken), account, '='))
}

package auth

import (
	"encoding/base64"
	"strings"
)

// DecodeText reads the character data of <auth/> or <response/>: nil if there
// is none, and not nil but empty for "=" (RFC 6120, section 6.4.2). It reports
// false for text that must be answered with incorrect-encoding: line breaks and
// stray bits are refused, not ignored (RFC 6120, section 13.9.1).
func DecodeText(text string) ([]byte, bool) {
	switch text {
	case "":
		return nil, true
	case "=":
		return []byte{}, true
	}
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, false
	}
	return b, true
}

// EncodeText gives the character data of <challenge/> or <success/>: none for
// nil, "=" for empty data in <success/>. A challenge's empty data is left out.
func EncodeText(kind Kind, data []byte) string {
	if kind == Success && data != nil && len(data) == 0 {
		return "="
	}
	return base64.StdEncoding.EncodeToString(data)
}

package pubsub

import (
	"crypto/sha1"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// The verification string of a client's capabilities: XEP-0115, 5.1. By it one
// client's answer is believed for all that say the same string. The string does
// not tell the parts of an answer apart, though, and an answer in which the
// features of others pass for something else takes from those the events that
// they ask for. So an answer that has another reading has no string (5.4 and 9):
// its client alone is believed, and asked again at its next login.

const nsXML = "http://www.w3.org/XML/1998/namespace"

// verificationOf computes the string from an answer, or returns "".
func verificationOf(query *stanza.Element) string {
	var identities, features []string
	for el := range query.Children() {
		switch {
		case el.Is(stanza.NSDiscoInfo, "identity"):
			if strings.ContainsAny(el.Attr("category"), "/:") {
				return "" // or a feature: http://... has as many slashes
			}
			lang, _ := el.LookupAttr(nsXML, "lang")
			identities = append(identities, strings.Join([]string{el.Attr("category"), el.Attr("type"), lang, el.Attr("name")}, "/"))
		case el.Is(stanza.NSDiscoInfo, "feature"):
			features = append(features, el.Attr("var"))
		case el.Is(stanza.NSForms, "x"):
			return "" // XEP-0128; or features: they end where a form begins
		}
	}
	slices.Sort(identities)
	slices.Sort(features)
	var b strings.Builder
	for _, part := range slices.Concat(identities, features) {
		if strings.Contains(part, "<") {
			return "" // or two: it is what separates them
		}
		b.WriteString(part + "<")
	}
	sum := sha1.Sum([]byte(b.String()))
	return base64.StdEncoding.EncodeToString(sum[:])
}

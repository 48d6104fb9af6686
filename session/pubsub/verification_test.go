package pubsub

import (
	"testing"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// TestVerificationStrings has the example of XEP-0115, 5.2, and answers that
// could be mistaken for it.
func TestVerificationStrings(t *testing.T) {
	t.Parallel()
	const features = "<feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/>" +
		"<feature var='http://jabber.org/protocol/muc'/><feature var='http://jabber.org/protocol/caps'/>"
	for _, c := range []struct{ name, query, want string }{
		{"simple", "<identity category='client' type='pc' name='Exodus 0.9.1'/>" + features, "QgayPKawpkPSDYmwT/WM94uAlu0="},
		{"a feature as a form", "<identity category='client' type='pc' name='Exodus 0.9.1'/>" +
			"<feature var='http://jabber.org/protocol/caps'/><feature var='http://jabber.org/protocol/disco#info'/>" +
			"<feature var='http://jabber.org/protocol/disco#items'/>" +
			"<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>http://jabber.org/protocol/muc</value></field></x>", ""},
		{"two features in one", "<identity category='client' type='pc' name='Exodus 0.9.1'/>" +
			"<feature var='http://jabber.org/protocol/caps&lt;http://jabber.org/protocol/disco#info'/>" +
			"<feature var='http://jabber.org/protocol/disco#items'/><feature var='http://jabber.org/protocol/muc'/>", ""},
		{"a feature as an identity", "<identity category='client' type='pc' name='Exodus 0.9.1'/>" +
			"<identity category='http:' type='' xml:lang='jabber.org' name='protocol/caps'/>" +
			"<feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/>" +
			"<feature var='http://jabber.org/protocol/muc'/>", ""},
	} {
		query, err := stanza.Parse([]byte("<query xmlns='"+stanza.NSDiscoInfo+"'>"+c.query+"</query>"), stanza.NSClient, stanza.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := verificationOf(query); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

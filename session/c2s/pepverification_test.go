package c2s

import (
	"testing"

	"rollcall/session/stanza"
)

// TestVerificationStrings has the two examples of XEP-0115, 5.2 and 5.3, and
// answers that others could be mistaken for.
func TestVerificationStrings(t *testing.T) {
	t.Parallel()
	const features = "<feature var='http://jabber.org/protocol/disco#info'/><feature var='http://jabber.org/protocol/disco#items'/>" +
		"<feature var='http://jabber.org/protocol/muc'/><feature var='http://jabber.org/protocol/caps'/>"
	for _, c := range []struct{ name, query, want string }{
		{"simple", "<identity category='client' type='pc' name='Exodus 0.9.1'/>" + features, "QgayPKawpkPSDYmwT/WM94uAlu0="},
		{"with a form", "<identity xml:lang='en' category='client' name='Psi 0.11' type='pc'/>" +
			"<identity xml:lang='el' category='client' name='Ψ 0.11' type='pc'/>" + features +
			"<x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:dataforms:softwareinfo</value></field>" +
			"<field var='ip_version'><value>ipv6</value><value>ipv4</value></field><field var='os'><value>Mac</value></field>" +
			"<field var='os_version'><value>10.5.1</value></field><field var='software'><value>Psi</value></field>" +
			"<field var='software_version'><value>0.11</value></field></x>", "q07IKJEyjvHSyhy//CH0CxmKi8w="},
		{"with a form of no type", "<identity category='client' type='pc' name='Exodus 0.9.1'/>" + features +
			"<x xmlns='jabber:x:data' type='result'><field var='os'><value>Mac</value></field></x>", "QgayPKawpkPSDYmwT/WM94uAlu0="},
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

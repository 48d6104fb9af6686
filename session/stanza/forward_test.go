package stanza

import (
	"strings"
	"testing"
)

func TestForwardedStanzaIsStampedAndOtherwiseAsSent(t *testing.T) {
	t.Parallel()
	const streams = " xmlns:stream='http://etherx.jabber.org/streams'"
	stamp := Stamp{From: "a@b/c'd"}
	for _, c := range []struct{ name, header, in, want string }{
		{"usual", "xmlns='jabber:client'" + streams,
			`<message to="x@y" id='1' from='forged'><body>a &amp; <![CDATA[b]]></body></message>`,
			`<message from='a@b/c&apos;d' to="x@y" id='1'><body>a &amp; <![CDATA[b]]></body></message>`},
		{"empty", "xmlns='jabber:client'" + streams, "<presence />", "<presence from='a@b/c&apos;d'/>"},
		{"empty as pair", "xmlns='jabber:client'" + streams, "<presence></presence >", "<presence from='a@b/c&apos;d'></presence>"},
		{"language of the stream", "xml:lang='de' xmlns='jabber:client'" + streams,
			"<presence/>", "<presence from='a@b/c&apos;d' xml:lang='de'/>"},
		{"language of its own", "xml:lang='de' xmlns='jabber:client'" + streams,
			"<presence xml:lang='fr'/>", "<presence from='a@b/c&apos;d' xml:lang='fr'/>"},
		{"redundant declaration", "xmlns='jabber:client'" + streams,
			"<presence xmlns='jabber:client'><show>x</show></presence>", "<presence from='a@b/c&apos;d'><show>x</show></presence>"},
		{"other attributes", "xmlns='jabber:client'" + streams,
			`<presence a = "'" xmlns:p='urn:p' p:from="q"/>`, `<presence from='a@b/c&apos;d' a = "'" p:from="q" xmlns:p='urn:p'/>`},
		{"prefix of the header", "xmlns='jabber:client' xmlns:p='urn:&quot;p&apos;' xmlns:q='urn:q'" + streams,
			"<iq><p:x/></iq>", `<iq from='a@b/c&apos;d' xmlns:p='urn:"p&apos;'><p:x/></iq>`},
		{"prefix of the header in an attribute", "xmlns='jabber:client' xmlns:p='urn:p'" + streams,
			"<iq p:a='1'><x/></iq>", "<iq from='a@b/c&apos;d' p:a='1' xmlns:p='urn:p'><x/></iq>"},
		{"prefix declared again", "xmlns='jabber:client' xmlns:p='urn:p'" + streams,
			"<iq xmlns:p='urn:q'><p:x/></iq>", "<iq from='a@b/c&apos;d' xmlns:p='urn:q'><p:x/></iq>"},
		{"prefix of streams", "xmlns='jabber:client'" + streams,
			"<iq><stream:x/></iq>", "<iq from='a@b/c&apos;d' xmlns:stream='http://etherx.jabber.org/streams'><stream:x/></iq>"},
		{"root with a prefix, content too", "xmlns:c='jabber:client'" + streams,
			"<c:message><c:body/></c:message>", "<message from='a@b/c&apos;d' xmlns:c='jabber:client'><c:body/></message>"},
		{"root with a prefix, content in namespaces of its own", "xmlns:c='jabber:client'" + streams,
			"<c:iq><q xmlns='urn:q'><i/></q></c:iq>", "<iq from='a@b/c&apos;d'><q xmlns='urn:q'><i/></q></iq>"},
		{"root with a prefix, content by another default", "xmlns='urn:d' xmlns:c='jabber:client'" + streams,
			"<c:iq><q/></c:iq>", "<c:iq xmlns='urn:d' from='a@b/c&apos;d' xmlns:c='jabber:client'><q/></c:iq>"},
		{"root with a prefix, content in no namespace", "xmlns:c='jabber:client'" + streams,
			"<c:iq><q/></c:iq>", "<c:iq xmlns='' from='a@b/c&apos;d' xmlns:c='jabber:client'><q/></c:iq>"},
		{"default of streams", "xmlns='http://etherx.jabber.org/streams'",
			"<iq xmlns='jabber:client'><q/></iq>", "<iq from='a@b/c&apos;d'><q/></iq>"},
		{"not a stanza", "xmlns='jabber:client' xml:lang='en'" + streams,
			"<r xmlns='urn:xmpp:sm:3'/>", "<r xmlns='urn:xmpp:sm:3' from='a@b/c&apos;d'/>"},
		{"xml as prefix", "xmlns='jabber:client'" + streams, "<xml:a><b/></xml:a>", "<xml:a xmlns='jabber:client' from='a@b/c&apos;d'><b/></xml:a>"},
	} {
		root := "<stream:stream "
		if !strings.Contains(c.header, streams) {
			root = "<stream "
		}
		el, err := openedStream(t, root+c.header+">"+c.in).Next()
		if err != nil {
			t.Fatal(c.name, err)
		}
		if got := string(el.AppendTo(nil, stamp)); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.name, got, c.want)
		}
	}
}

func TestStampOverridesOnlyWhatItSays(t *testing.T) {
	t.Parallel()
	el := mustParse(t, "<iq from='f' to='t' id='i' type='get' xml:lang='de'/>")
	for _, c := range []struct {
		stamp Stamp
		want  string
	}{
		{Stamp{}, "<iq from='f' to='t' id='i' type='get' xml:lang='de'/>"},
		{Stamp{ID: "&"}, "<iq id='&amp;' from='f' to='t' type='get' xml:lang='de'/>"},
		{Stamp{From: "1", To: "2", ID: "3", Type: "set", Lang: "fr"}, "<iq from='1' to='2' id='3' type='set' xml:lang='de'/>"},
		{Stamp{Standalone: true}, "<iq xmlns='jabber:client' from='f' to='t' id='i' type='get' xml:lang='de'/>"},
	} {
		if got := string(el.AppendTo(nil, c.stamp)); got != c.want {
			t.Errorf("%+v:\n got %s\nwant %s", c.stamp, got, c.want)
		}
	}
	if got := string(mustParse(t, "<iq/>").AppendTo(nil, Stamp{Lang: "fr"})); got != "<iq xml:lang='fr'/>" {
		t.Error(got)
	}
}

func TestChildIsForwardedWithWhatItInherits(t *testing.T) {
	t.Parallel()
	el := mustParse(t, "<iq xmlns:a='urn:a' xmlns:b='urn:b'><query xmlns='urn:q' xmlns:b='urn:c'><item a:x='1'/></query></iq>")
	item := el.First().First()
	want := "<item xmlns='urn:q' a:x='1' xmlns:b='urn:c' xmlns:a='urn:a'/>"
	if got := string(item.AppendTo(nil, Stamp{})); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestStandaloneDeclaresTheDefaultNamespaceOnce(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"<presence/>":                       "<presence xmlns='jabber:client'/>",
		"<iq id=\" xmlns='\">x</iq>":        "<iq xmlns='jabber:client' id=\" xmlns='\">x</iq>",
		"<iq xmlns='jabber:client'/>":       "<iq xmlns='jabber:client'/>",
		"<r xmlns='urn:xmpp:sm:3'/>":        "<r xmlns='urn:xmpp:sm:3'/>",
		"<c:iq xmlns='' xmlns:c='d'/>":      "<c:iq xmlns='' xmlns:c='d'/>",
		"<message><body>b</body></message>": "<message xmlns='jabber:client'><body>b</body></message>",
	} {
		if got := string(AppendStandalone(nil, []byte(in))); got != want {
			t.Errorf("%s: %s", in, got)
		}
	}
}

func TestAChildIsLeftOutAndTheRestStaysAsSent(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"<message><body>a</body> <x xmlns='urn:x'/>\n<y/></message>", "<message><body>a</body> \n<y/></message>"},
		{"<message><x xmlns='urn:x'>z</x></message>", "<message></message>"},
		{"<message><y><x xmlns='urn:x'/></y><x xmlns='urn:x'/></message>", "<message><y><x xmlns='urn:x'/></y></message>"},
		{"<message><y/></message>", "<message><y/></message>"},
		{"<message/>", "<message/>"},
	} {
		el, err := Parse([]byte(c.in), NSClient, Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := string(el.AppendTo(nil, Stamp{Without: el.Child("urn:x", "x")})); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.in, got, c.want)
		}
	}
}

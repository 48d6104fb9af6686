package stanza

import (
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func mustParse(t testing.TB, text string) *Element {
	t.Helper()
	el, err := Parse([]byte(text), NSClient, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return el
}

func TestLookupsGoByNamespaceAndName(t *testing.T) {
	t.Parallel()
	el := mustParse(t, "<iq type='get' id='1'> <query xmlns='urn:a' xmlns:b='urn:b' b:node='x'><b:item>1</b:item><item/></query><query/></iq>")
	q := el.Child("urn:a", "query")
	if q == nil || q != el.First() || el.Child("urn:b", "query") != nil || el.Child("urn:b", "item") != nil {
		t.Fatal("query")
	}
	if got := q.Child("urn:b", "item").Text(); got != "1" {
		t.Errorf("item is %q", got)
	}
	if v, ok := q.LookupAttr("urn:b", "node"); v != "x" || !ok {
		t.Errorf("node is %q, %v", v, ok)
	}
	if v, ok := q.LookupAttr("", "node"); ok {
		t.Errorf("node without a namespace is %q", v)
	}
	var names []string
	for c := range el.Children() {
		names = append(names, c.Space()+" "+c.Local())
	}
	if want := []string{"urn:a query", NSClient + " query"}; !slices.Equal(names, want) {
		t.Errorf("children are %q", names)
	}
	if got := slices.Collect(q.Attrs()); !slices.Equal(got, []Attr{{"urn:b", "node", "x"}}) {
		t.Errorf("attributes are %q", got)
	}
}

func TestNilElementIsEmpty(t *testing.T) {
	t.Parallel()
	var el *Element
	el = el.Child("a", "b").First().Child("c", "d")
	if el != nil || el.Text() != "" || el.Attr("a") != "" || el.Is("", "") || el.Local() != "" || el.Space() != "" ||
		el.Raw() != "" || el.Lang() != "" || el.IsStanza() || el.Type() != "" || el.ID() != "" {
		t.Error("not empty")
	}
	for range el.Children() {
		t.Error("has children")
	}
	for range el.Attrs() {
		t.Error("has attributes")
	}
}

func TestTextIsWhatWasMeant(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":                           "plain",
		"":                                "",
		"a &lt; b &amp;&amp; c &gt; d":    "a < b && c > d",
		"&apos;&quot;&#65;&#x20ac;":       "'\"A\u20ac",
		"<![CDATA[<&amp;>]]>":             "<&amp;>",
		"a<![CDATA[]]>b<![CDATA[]]]]>c":   "ab]]c",
		"1<x>no</x>2<x/>&amp;<x><y/></x>": "12&",
		"a\r\nb\rc\nd&#13;e":              "a\nb\nc\nd\re",
		"<![CDATA[a\r\nb\r]]>\nc":         "a\nb\n\nc",
		"tab\tstays":                      "tab\tstays",
	} {
		if got := mustParse(t, "<a>"+in+"</a>").Text(); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestAttributeValuesAreNormalized(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain":         "plain",
		"":              "",
		"a&amp;b":       "a&b",
		"a\tb\nc\r\nd":  "a b c d",
		"a&#9;b&#xA;c":  "a\tb\nc",
		"&apos;&quot;>": "'\">",
	} {
		if got := mustParse(t, "<a b='"+in+"'/>").Attr("b"); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestLangIsTheNearestAround(t *testing.T) {
	t.Parallel()
	rd := openedStream(t, open+"<message><body>a</body><body xml:lang='de'><b/></body></message><message xml:lang=''/>")
	el, err := rd.Next()
	if err != nil {
		t.Fatal(err)
	}
	first := el.First()
	second := first.next()
	if el.Lang() != "en" || first.Lang() != "en" || second.Lang() != "de" || second.First().Lang() != "de" {
		t.Error(el.Lang(), first.Lang(), second.Lang())
	}
	if el, err = rd.Next(); err != nil || el.Lang() != "" {
		t.Error(el.Lang(), err)
	}
}

func TestStanzasAreThreeKinds(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]bool{
		"<message/>": true, "<presence/>": true, "<iq/>": true,
		"<c:iq xmlns:c='jabber:client'/>": true,
		"<query/>":                        false, "<iq xmlns='urn:a'/>": false, "<Message/>": false,
	} {
		if got := mustParse(t, in).IsStanza(); got != want {
			t.Errorf("%s: %v", in, got)
		}
	}
}

func TestAddressesArePreparedJIDs(t *testing.T) {
	t.Parallel()
	el := mustParse(t, "<iq to='Bob@LOCALHOST/R&amp;D' from='@'/>")
	if to, err := el.To(); err != nil || to.String() != "bob@localhost/R&D" {
		t.Error(to, err)
	}
	if _, err := el.From(); err == nil {
		t.Error("from is accepted")
	}
	if to, err := mustParse(t, "<iq/>").To(); err != nil || !to.IsZero() {
		t.Error(to, err)
	}
	if _, err := mustParse(t, "<iq to=''/>").To(); err == nil {
		t.Error("an empty address is accepted")
	}
}

func TestElementOutlivesTheNextOne(t *testing.T) {
	t.Parallel()
	rd := NewReader(iotest.HalfReader(strings.NewReader(open+"<a b='1'>x</a><c d='22'>yy</c>")), Limits{})
	if _, err := rd.Header(); err != nil {
		t.Fatal(err)
	}
	first, err := rd.Next()
	if err != nil {
		t.Fatal(err)
	}
	if _, err = rd.Next(); err != nil {
		t.Fatal(err)
	}
	if first.Local() != "a" || first.Attr("b") != "1" || first.Text() != "x" {
		t.Error(first.Raw())
	}
}

package stanza

import (
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unsafe"
)

const open = "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xml:lang='en'" +
	" xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>"

// read reads a stream to its end and returns its elements as sent.
func read(r io.Reader, lim Limits) (elements []string, err error) {
	rd := NewReader(r, lim)
	if _, err := rd.Header(); err != nil {
		return nil, err
	}
	for {
		el, err := rd.Next()
		if err != nil {
			return elements, err
		}
		elements = append(elements, el.Raw())
	}
}

// opened returns a reader of a stream whose header has been read.
func openedStream(t *testing.T, stream string) *Reader {
	t.Helper()
	rd := NewReader(strings.NewReader(stream), Limits{})
	if _, err := rd.Header(); err != nil {
		t.Fatal(err)
	}
	return rd
}

func TestHeaderIsReadWithAnyPrefixAndWithoutADeclaration(t *testing.T) {
	t.Parallel()
	want := Header{Space: NSStream, Local: "stream", Content: NSClient, To: "a&b", From: "u@h", ID: "i", Version: "1.0", Lang: "de"}
	for _, in := range []string{
		`<?xml version="1.0" encoding='utf-8' standalone='yes' ?>` + "\n" +
			`<stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" to='a&amp;b' from='u@h' id='i' version='1.0' xml:lang='de'>`,
		" \n<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:&#x63;lient' id='i' from='u@h' to='a&#38;b' xml:lang='de' version='1.0' >",
	} {
		rd := NewReader(iotest.OneByteReader(strings.NewReader(in)), Limits{})
		h, err := rd.Header()
		if err != nil || h != want {
			t.Errorf("%s:\n%+v, %v", in, h, err)
		}
		if err := h.Check(); err != nil {
			t.Error(err)
		}
	}
}

func TestHeaderOfAWebSocketIsTheOpenElement(t *testing.T) {
	t.Parallel()
	sent := Header{To: "localhost", Version: "1.0", Lang: "en"}
	el, err := Parse(AppendOpen(nil, sent), "", Limits{})
	if err != nil {
		t.Fatal(err)
	}
	h := HeaderOf(el)
	if h.To != sent.To || h.Version != "1.0" || h.Lang != "en" || h.Check() != nil {
		t.Errorf("%+v, %v", h, h.Check())
	}
}

func TestHeaderCheckNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	good := Header{Space: NSStream, Local: "stream", Content: NSClient, Version: "1.0"}
	for _, c := range []struct {
		change func(*Header)
		want   StreamCondition
	}{
		{func(h *Header) {}, ""},
		{func(h *Header) { h.Content = NSStream }, ""}, // prefix-free style
		{func(h *Header) { h.Version = "1.1" }, ""},
		{func(h *Header) { h.Version = "12.0" }, ""},
		{func(h *Header) { h.Space = NSClient }, StreamInvalidNamespace},
		{func(h *Header) { h.Local = "steam" }, StreamInvalidNamespace},
		{func(h *Header) { h.Content = "jabber:server" }, StreamInvalidNamespace},
		{func(h *Header) { h.Content = "" }, StreamInvalidNamespace},
		{func(h *Header) { h.Version = "" }, StreamUnsupportedVersion},
		{func(h *Header) { h.Version = "0.9" }, StreamUnsupportedVersion},
		{func(h *Header) { h.Version = "1" }, StreamUnsupportedVersion},
		{func(h *Header) { h.Version = "1.x" }, StreamUnsupportedVersion},
	} {
		h := good
		c.change(&h)
		if got := condition(h.Check()); got != c.want {
			t.Errorf("%+v: %q, want %q", h, got, c.want)
		}
	}
}

func TestNextGivesEachTopLevelElement(t *testing.T) {
	t.Parallel()
	elements := []string{"<presence/>", "<message to='a'><body>x &lt; y</body></message>", "<stream:features/>", "<a xmlns='urn:a'\n></a\t>"}
	in := open + "\n " + strings.Join(elements, " \r\n\t") + "  </stream:stream >trailing"
	got, err := read(strings.NewReader(in), Limits{})
	if !slices.Equal(got, elements) || err != ErrStreamEnd {
		t.Errorf("%q, %v", got, err)
	}
}

func TestEndOfInputTellsBetweenStanzasFromWithin(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]error{
		"":                                   io.EOF,
		"  ":                                 io.EOF,
		"<?xml":                              io.ErrUnexpectedEOF,
		open[:len(open)-1]:                   io.ErrUnexpectedEOF,
		open:                                 io.EOF,
		open + " <presence/> ":               io.EOF,
		open + "<":                           io.ErrUnexpectedEOF,
		open + "<message><body>":             io.ErrUnexpectedEOF,
		open + "<presence/></stream:stream":  io.ErrUnexpectedEOF,
		open + "<presence/></stream:stream>": ErrStreamEnd,
		"<s:stream xmlns:s='urn:s'/>":        ErrStreamEnd,
	} {
		if _, err := read(strings.NewReader(in), Limits{}); err != want {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
}

func TestFinalErrorsStay(t *testing.T) {
	t.Parallel()
	rd := openedStream(t, open+"<!-- --><presence/>")
	_, first := rd.Next()
	if _, again := rd.Next(); condition(first) != StreamRestrictedXML || again != first {
		t.Errorf("%v, then %v", first, again)
	}
}

func TestNextBeforeTheHeaderIsAnError(t *testing.T) {
	t.Parallel()
	if _, err := NewReader(strings.NewReader(open), Limits{}).Next(); err == nil {
		t.Error("no error")
	}
}

func TestNextGoesOnAfterADeadline(t *testing.T) {
	t.Parallel()
	late := &lateReader{parts: []string{open[:50], "", open[50:], "", " ", "<presence><sho", "", "w>away</show></presence>", ""}}
	rd := NewReader(late, Limits{})
	var got []string
	for range 20 {
		if rd.root == "" {
			if _, err := rd.Header(); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal(err)
			}
			continue
		}
		el, err := rd.Next()
		if err == io.EOF {
			break
		}
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal(err)
		}
		if err == nil {
			got = append(got, el.Raw())
		}
	}
	if want := []string{"<presence><show>away</show></presence>"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// A lateReader misses a deadline for each empty part.
type lateReader struct{ parts []string }

func (l *lateReader) Read(b []byte) (int, error) {
	if len(l.parts) == 0 {
		return 0, io.EOF
	}
	part := l.parts[0]
	l.parts = l.parts[1:]
	if part == "" {
		return 0, os.ErrDeadlineExceeded
	}
	return copy(b, part), nil
}

func TestReaderThatNeverReadsIsGivenUp(t *testing.T) {
	t.Parallel()
	if _, err := read(emptyReader{}, Limits{}); !errors.Is(err, io.ErrNoProgress) {
		t.Error(err)
	}
}

type emptyReader struct{}

func (emptyReader) Read([]byte) (int, error) { return 0, nil }

func TestResetDropsWhatCameBeforeTLS(t *testing.T) {
	t.Parallel()
	injected := "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"
	rd := openedStream(t, open+"<starttls xmlns='"+NSTLS+"'/>"+injected)
	if el, err := rd.Next(); err != nil || !el.Is(NSTLS, "starttls") {
		t.Fatal(el, err)
	}
	if n := rd.Buffered(); n != len(injected) {
		t.Errorf("%d bytes buffered, want %d", n, len(injected))
	}
	rd.Reset(strings.NewReader(open + "<presence/>"))
	if n := rd.Buffered(); n != 0 {
		t.Errorf("%d bytes buffered after Reset", n)
	}
	if _, err := rd.Header(); err != nil {
		t.Fatal(err)
	}
	if el, err := rd.Next(); err != nil || el.Local() != "presence" {
		t.Error(el, err)
	}
}

func TestRestartKeepsWhatFollows(t *testing.T) {
	t.Parallel()
	second := strings.Replace(open, "'en'", "'de'", 1)
	rd := openedStream(t, open+"<response xmlns='"+NSSASL+"'/>\n"+second+"<presence/>")
	if _, err := rd.Next(); err != nil {
		t.Fatal(err)
	}
	rd.Restart()
	if h, err := rd.Header(); err != nil || h.Lang != "de" {
		t.Fatal(h, err)
	}
	if el, err := rd.Next(); err != nil || el.Lang() != "de" {
		t.Error(el, err)
	}
}

func TestReaderAtRestIsSmall(t *testing.T) {
	t.Parallel()
	big := "<message><body>" + strings.Repeat("x", 100<<10) + "</body></message>"
	rd := openedStream(t, open+big)
	if _, err := rd.Next(); err != nil || len(rd.in.whole) < len(big) {
		t.Fatal(len(rd.in.whole), err)
	}
	if _, err := rd.Next(); err != io.EOF {
		t.Fatal(err)
	}
	if len(rd.in.whole) != smallBuffer {
		t.Errorf("buffer of %d bytes at rest", len(rd.in.whole))
	}
	if size := unsafe.Sizeof(*rd); size > 320 {
		t.Errorf("a reader has %d bytes", size)
	}
	if size := unsafe.Sizeof(Element{}); size != 64 {
		t.Errorf("an element has %d bytes, Limits says 64", size)
	}
}

func TestParseTakesExactlyOneElement(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]StreamCondition{
		"<presence xmlns='jabber:client'/>": "",
		" <presence/>\n":                    "",
		"<a/><b/>":                          StreamNotWellFormed,
		"<a/>text":                          StreamNotWellFormed,
		"text":                              StreamBadFormat,
		"</a>":                              StreamNotWellFormed,
		"<?xml version='1.0'?><a/>":         StreamRestrictedXML,
		"<![CDATA[x]]>":                     StreamNotWellFormed,
		"<stream:features><a/></stream:features>": StreamBadNamespacePrefix,
	} {
		if _, err := Parse([]byte(in), "", Limits{}); condition(err) != want {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
	for _, in := range []string{"", " ", "<a", "<a>"} {
		if _, err := Parse([]byte(in), NSClient, Limits{}); err != io.ErrUnexpectedEOF {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestParseKnowsTheNamespaceAround(t *testing.T) {
	t.Parallel()
	for _, content := range []string{"", NSClient, "urn:other"} {
		data := []byte("<presence/>")
		el, err := Parse(data, content, Limits{})
		if err != nil || el.Space() != content {
			t.Errorf("%q, %v", el.Space(), err)
		}
		if data[1] = 'x'; el.Local() != "presence" {
			t.Error("the element refers to the data")
		}
	}
}

// condition returns the stream condition of an error, "" if there is none.
func condition(err error) StreamCondition {
	var refused *StreamError
	if errors.As(err, &refused) {
		return refused.Condition
	}
	return ""
}

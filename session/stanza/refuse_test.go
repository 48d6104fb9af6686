package stanza

import (
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
)

// Input that stands within a stream and ends it (RFC 6120, 4.9.3 and 11.1).
var refused = []struct {
	xml  string
	want StreamCondition
}{
	{"<a", ""}, // not refused yet
	{"<!-- comment -->", StreamRestrictedXML},
	{"<a><!-- comment --></a>", StreamRestrictedXML},
	{"<?target data?>", StreamRestrictedXML},
	{"<a><?xml version='1.0'?></a>", StreamRestrictedXML},
	{"<!DOCTYPE a>", StreamRestrictedXML},
	{"<a><!ENTITY b 'c'></a>", StreamRestrictedXML},
	{"<a>&nbsp;</a>", StreamRestrictedXML},
	{"<a b='&c;'/>", StreamRestrictedXML},
	{"<a>&AMP;</a>", StreamRestrictedXML},

	{"text", StreamBadFormat},
	{"&amp;", StreamBadFormat},
	{"<![CDATA[text]]>", StreamNotWellFormed},
	{"\x00", StreamNotWellFormed},
	{"<a></b>", StreamNotWellFormed},
	{"<a></ab>", StreamNotWellFormed},
	{"<ab></a>", StreamNotWellFormed},
	{"<a></a b='c'>", StreamNotWellFormed},
	{"<a></ a>", StreamNotWellFormed},
	{"</stream>", StreamNotWellFormed},
	{"</presence>", StreamNotWellFormed},
	{"< a/>", StreamNotWellFormed},
	{"<1a/>", StreamNotWellFormed},
	{"<-a/>", StreamNotWellFormed},
	{"<a/ >", StreamNotWellFormed},
	{"<a//>", StreamNotWellFormed},
	{"<a\u00d7/>", StreamNotWellFormed},
	{"<a><", ""},
	{"<a><<", StreamNotWellFormed},
	{"<a b/>", StreamNotWellFormed},
	{"<a b=c/>", StreamNotWellFormed},
	{"<a b='c'd='e'/>", StreamNotWellFormed},
	{"<a b='<'/>", StreamNotWellFormed},
	{"<a b='c' b='d'/>", StreamNotWellFormed},
	{"<a xmlns='b' xmlns='b'/>", StreamNotWellFormed},
	{"<a xmlns:b='x' xmlns:c='x' b:d='1' c:d='2'/>", StreamNotWellFormed},
	{"<a xmlns:b='x&#121;' xmlns:c='xy' b:d='1' c:d='2'/>", StreamNotWellFormed},
	{"<a xml:lang='en' xml:lang='de'/>", StreamNotWellFormed},
	{"<a>]]></a>", StreamNotWellFormed},
	{"<a>x]]]></a>", StreamNotWellFormed},
	{"<a>\x01</a>", StreamNotWellFormed},
	{"<a b='\x7f\x1f'/>", StreamNotWellFormed},
	{"<a>\uFFFE</a>", StreamNotWellFormed},
	{"<a><![CDATA[\x00]]></a>", StreamNotWellFormed},
	{"<a><![cdata[x]]></a>", StreamNotWellFormed},
	{"<a>& </a>", StreamNotWellFormed},
	{"<a>&;</a>", StreamNotWellFormed},
	{"<a>&amp</a>", StreamNotWellFormed},
	{"<a>&#;</a>", StreamNotWellFormed},
	{"<a>&#x;</a>", StreamNotWellFormed},
	{"<a>&#X41;</a>", StreamNotWellFormed},
	{"<a>&#4x1;</a>", StreamNotWellFormed},
	{"<a>&#a;</a>", StreamNotWellFormed},
	{"<a>&#0;</a>", StreamNotWellFormed},
	{"<a>&#8;</a>", StreamNotWellFormed},
	{"<a>&#xD800;</a>", StreamNotWellFormed},
	{"<a>&#xFFFF;</a>", StreamNotWellFormed},
	{"<a>&#x110000;</a>", StreamNotWellFormed},
	{"<a>&#99999999999999999999;</a>", StreamNotWellFormed},
	{"<a:b:c xmlns:a='x'/>", StreamNotWellFormed},
	{"<:a/>", StreamNotWellFormed},
	{"<a:/>", StreamNotWellFormed},

	{"<b:a/>", StreamBadNamespacePrefix},
	{"<a b:c='d'/>", StreamBadNamespacePrefix},
	{"<a><b xmlns:c='d'/><c:e/></a>", StreamBadNamespacePrefix},
	{"<a xmlns:b=''/>", StreamBadNamespacePrefix},
	{"<a xmlns:xmlns='b'/>", StreamBadNamespacePrefix},
	{"<a xmlns:xml='b'/>", StreamBadNamespacePrefix},
	{"<a xmlns='http://www.w3.org/XML/1998/namespace'/>", StreamBadNamespacePrefix},
	{"<a xmlns:b='http://www.w3.org/2000/xmlns/'/>", StreamBadNamespacePrefix},
	{"<xmlns:a/>", StreamBadNamespacePrefix},

	{"\xff\xfe<\x00", StreamUnsupportedEncoding},
	{"<a>\xc3(</a>", StreamUnsupportedEncoding},
	{"<a>\xed\xa0\x80</a>", StreamUnsupportedEncoding},
	{"<a>\xc0\xaf</a>", StreamUnsupportedEncoding},
	{"<a b='\xff'/>", StreamUnsupportedEncoding},
	{"<a\xff/>", StreamUnsupportedEncoding},
	{"<a><![CDATA[\x80]]></a>", StreamUnsupportedEncoding},
}

func TestReaderRefusesWhatAStreamMayNotHave(t *testing.T) {
	t.Parallel()
	for _, c := range refused {
		_, err := read(strings.NewReader(open+c.xml), Limits{})
		if condition(err) != c.want {
			t.Errorf("%q: %v, want %q", c.xml, err, c.want)
		}
		_, slow := read(iotest.OneByteReader(strings.NewReader(open+c.xml)), Limits{})
		if fmt.Sprint(err) != fmt.Sprint(slow) {
			t.Errorf("%q: %v, byte by byte %v", c.xml, err, slow)
		}
	}
}

func TestReaderAcceptsWhatLooksOddAndIsNot(t *testing.T) {
	t.Parallel()
	for _, in := range []string{
		"<a b = 'c'\n\td=\"'\"/>",
		"<a b='>'>></a>",
		"<a>]] > ]]&gt; ]]&#62;</a>",
		"<a><![CDATA[]]]]><![CDATA[>]]>></a>",
		"<a><![CDATA[<b>&c;</d>]]></a>",
		"<a>&#x9;&#10;&#xD;&#x10FFFF;&#000000000000000065;</a>",
		"<a>\u007f\u0085\uFFFD\U0010FFFF</a>",
		"<\u00e9l\u00e9ment \u4e2d\u6587='x'/>",
		"<_a.b-c\u00b71/>",
		"<xml:a xml:b='c'/>",
		"<a xmlns:xml='http://www.w3.org/XML/1998/namespace'/>",
		"<a xmlns=''/>",
		"<a xmlns:b='x' b='1' b:b='2'/>",
		"<a xmlns:b='x' xmlns:c='y' b:d='1' c:d='2'/>",
		"<b:a xmlns:b='x'><b:a xmlns:b='y'/></b:a>",
	} {
		got, err := read(strings.NewReader(open+in+"</stream:stream>"), Limits{})
		if err != ErrStreamEnd || len(got) != 1 || got[0] != in {
			t.Errorf("%s: %q, %v", in, got, err)
		}
	}
}

func TestHeaderRefusesWhatNoStreamBeginsWith(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]StreamCondition{
		"GET / HTTP/1.1\r\n":          StreamNotWellFormed,
		"\x16\x03\x01":                StreamNotWellFormed,
		"\xff\xfe<\x00":               StreamUnsupportedEncoding,
		"\ufeff<a/>":                  StreamNotWellFormed, // no BOM: RFC 6120, 11.6
		"</stream:stream>":            StreamNotWellFormed,
		"<!DOCTYPE a>" + open:         StreamRestrictedXML,
		"<!-- -->" + open:             StreamRestrictedXML,
		"<![CDATA[":                   StreamNotWellFormed,
		"<?php ?>" + open:             StreamRestrictedXML,
		"<?xml-stylesheet href='a'?>": StreamRestrictedXML,
		"<?xml version='1.0'?><?xml version='1.0'?>": StreamRestrictedXML,
		"<?xml?>":                                                StreamNotWellFormed,
		"<?xml ?>":                                               StreamNotWellFormed,
		"<?xml encoding='UTF-8'?>":                               StreamNotWellFormed,
		"<?xml version='1.0'encoding='UTF-8'?>":                  StreamNotWellFormed,
		"<?xml version='1.1'?>":                                  StreamNotWellFormed,
		"<?xml version='1.0' version='1.0'?>":                    StreamNotWellFormed,
		"<?xml version='1.0' standalone='maybe'?>":               StreamNotWellFormed,
		"<?xml version='1.0' stand='no'?>":                       StreamNotWellFormed,
		"<?xml version='1.0' standalone='no' encoding='UTF-8'?>": StreamNotWellFormed,
		"<?xml version='1.0' encoding='UTF-16'?>":                StreamUnsupportedEncoding,
		"<?xml version='1.0' encoding='ISO-8859-1'?>":            StreamUnsupportedEncoding,
		"<stream:stream>":                                        StreamBadNamespacePrefix,
		"<a b='" + strings.Repeat("x", headerBytes) + "'>":       StreamPolicyViolation,
	} {
		if _, err := read(strings.NewReader(in), Limits{}); condition(err) != want {
			t.Errorf("%.60q: %v, want %q", in, err, want)
		}
	}
}

func TestLimitsEndTheStreamWherePassed(t *testing.T) {
	t.Parallel()
	lim := Limits{Bytes: 300, Depth: 3, Elements: 5, Attributes: 4, Name: 20}
	for _, c := range []struct{ name, fits, passes string }{
		{"bytes", "<a>" + strings.Repeat("x", 293) + "</a>", "<a>" + strings.Repeat("x", 294) + "</a>"},
		{"depth", "<a><a><a></a></a></a>", "<a><a><a><a/></a></a></a>"},
		{"elements", "<a><b/><b/><b/><b/></a>", "<a><b/><b/><b/><b/><b/></a>"},
		{"attributes", "<a b='' c='' d='' e=''/>", "<a b='' c='' d='' e='' f=''/>"},
		{"name", "<" + strings.Repeat("a", 20) + "/>", "<" + strings.Repeat("a", 21) + "/>"},
		{"name with prefix", "<a xmlns:abcdefghi='x'><abcdefghi:abcdefghij/></a>", "<a xmlns:abcdefghi='x'><abcdefghi:abcdefghijk/></a>"},
		{"namespaces", "<a xmlns:a='1' xmlns:b='1' xmlns:c='1'><b xmlns:d='1'/></a>", "<a xmlns:a='1' xmlns:b='1' xmlns:c='1'><b xmlns:d='1' xmlns:e='1'/></a>"},
	} {
		for _, cut := range []func(string) error{
			func(in string) error { _, err := read(strings.NewReader(in), lim); return err },
			func(in string) error { _, err := read(iotest.OneByteReader(strings.NewReader(in)), lim); return err },
		} {
			header := "<s:s xmlns:s='s'>"
			if err := cut(header + c.fits + "</s:s>"); err != ErrStreamEnd {
				t.Errorf("%s: %v", c.name, err)
			}
			if err := cut(header + c.passes + "</s:s>"); condition(err) != StreamPolicyViolation {
				t.Errorf("%s passed: %v", c.name, err)
			}
		}
	}
}

func TestWhiteSpaceBetweenStanzasIsNotLimited(t *testing.T) {
	t.Parallel()
	in := open + strings.Repeat(" \n", 5000) + "<presence/></stream:stream>"
	for _, bytes := range []int{20, 1 << 20} {
		rd := NewReader(strings.NewReader(in), Limits{Bytes: bytes})
		if _, err := rd.Header(); err != nil {
			t.Fatal(err)
		}
		if _, err := rd.Next(); err != nil {
			t.Error(err)
		}
		if len(rd.in.whole) != smallBuffer {
			t.Errorf("buffer grew to %d bytes", len(rd.in.whole))
		}
	}
}

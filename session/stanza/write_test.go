package stanza

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestAnyStringIsWrittenWellFormed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.SampledFrom([]rune("a<>&'\"\r\n\t]\x00\x0b\ufffe")))).Draw(t, "s")
		if rapid.Bool().Draw(t, "broken") {
			s += "\xff\xc3"
		}
		doc := AppendAttr([]byte("<a"), "b", s)
		doc = AppendText(append(doc, '>'), s)
		el, err := Parse(append(doc, "</a>"...), "", Limits{})
		if err != nil {
			t.Fatalf("%q: %v", doc, err)
		}
		want := carried(s)
		if el.Text() != want || el.Attr("b") != want {
			t.Fatalf("%q became %q and %q", s, el.Text(), el.Attr("b"))
		}
	})
}

// carried is s with what XML can't carry replaced.
func carried(s string) string {
	return strings.Map(func(r rune) rune {
		if !isChar(r) {
			return '\uFFFD'
		}
		return r
	}, s)
}

func TestHeaderIsReadAsItWasWritten(t *testing.T) {
	t.Parallel()
	sent := Header{To: "a'b", From: "localhost", ID: "<&>", Lang: "en"}
	rd := NewReader(strings.NewReader(string(AppendHeader(nil, sent))+StreamEnd), Limits{})
	got, err := rd.Header()
	sent.Space, sent.Local, sent.Content, sent.Version = NSStream, "stream", NSClient, "1.0"
	if err != nil || got != sent {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := rd.Next(); err != ErrStreamEnd {
		t.Error(err)
	}
}

func TestStreamErrorIsWritten(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  StreamError
		want string
	}{
		{StreamError{Condition: StreamConflict},
			"<stream:error xmlns:stream='http://etherx.jabber.org/streams'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"},
		{StreamError{Condition: StreamPolicyViolation, Text: "a & b", App: "<x xmlns='urn:x'/>"},
			"<stream:error xmlns:stream='http://etherx.jabber.org/streams'><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>" +
				"<text xmlns='urn:ietf:params:xml:ns:xmpp-streams' xml:lang='en'>a &amp; b</text><x xmlns='urn:x'/></stream:error>"},
	} {
		if got := string(c.err.AppendTo(nil)); got != c.want {
			t.Errorf("%v:\n%s", &c.err, got)
		}
	}
}

func TestErrorReplyGoesBackToTheSender(t *testing.T) {
	t.Parallel()
	const ns = " xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'"
	for _, c := range []struct {
		in    string
		cause Error
		stamp Stamp
		want  string
	}{
		{"<iq type='get' id='&lt;' from='a@b/c' to='d@e'/>", Error{Condition: ServiceUnavailable}, Stamp{},
			"<iq from='d@e' to='a@b/c' id='&lt;' type='error'><error type='cancel'><service-unavailable" + ns + "/></error></iq>"},
		{"<message to='d@e'/>", Error{Condition: Gone, Detail: "xmpp:f@e"}, Stamp{To: "a@b/c", Standalone: true},
			"<message xmlns='jabber:client' from='d@e' to='a@b/c' type='error'><error type='cancel'><gone" + ns + ">xmpp:f@e</gone></error></message>"},
		{"<presence/>", Error{Condition: BadRequest, Type: Cancel, Text: "<", App: "<x xmlns='y'/>"}, Stamp{},
			"<presence type='error'><error type='cancel'><bad-request" + ns + "/><text" + ns + " xml:lang='en'>&lt;</text><x xmlns='y'/></error></presence>"},
		{"<message type='error'/>", Error{Condition: BadRequest}, Stamp{}, ""},
		{"<iq type='result'/>", Error{Condition: BadRequest}, Stamp{}, ""},
		{"<a/>", Error{Condition: BadRequest}, Stamp{}, ""},
	} {
		if got := string(AppendError(nil, mustParse(t, c.in), &c.cause, c.stamp)); got != c.want {
			t.Errorf("%s, %v:\n got %s\nwant %s", c.in, &c.cause, got, c.want)
		}
	}
}

func TestResultAnswersAnIQ(t *testing.T) {
	t.Parallel()
	iq := mustParse(t, "<iq type='get' id='1' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")
	if got := string(AppendResult(nil, iq, "", Stamp{To: "a@b/c"})); got != "<iq from='localhost' to='a@b/c' id='1' type='result'/>" {
		t.Error(got)
	}
	if got := string(AppendResult(nil, iq, "<q xmlns='r'/>", Stamp{})); got != "<iq from='localhost' id='1' type='result'><q xmlns='r'/></iq>" {
		t.Error(got)
	}
}

// The table of RFC 6120, 8.3.3.
func TestConditionsHaveTheTypesOfTheRFC(t *testing.T) {
	t.Parallel()
	for kind, conditions := range map[ErrorType][]Condition{
		Auth:   {Forbidden, NotAuthorized, RegistrationRequired, SubscriptionRequired},
		Cancel: {Conflict, FeatureNotImplemented, Gone, InternalServerError, ItemNotFound, NotAllowed, RemoteServerNotFound, ServiceUnavailable, UndefinedCondition},
		Modify: {BadRequest, JIDMalformed, NotAcceptable, PolicyViolation, Redirect},
		Wait:   {RecipientUnavailable, RemoteServerTimeout, ResourceConstraint, UnexpectedRequest},
	} {
		for _, c := range conditions {
			if c.Type() != kind {
				t.Errorf("%s is %s, want %s", c, c.Type(), kind)
			}
		}
	}
}

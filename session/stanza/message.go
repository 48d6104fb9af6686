package stanza

import "fmt"

// NewMessage makes a message with a body, for a program that has no stream to read
// one from. typ is its type (RFC 6121, 5.2.2), empty for normal. It fails if the body
// has a character that XML does not allow.
func NewMessage(typ, body string) (*Element, error) {
	b := []byte("<message")
	if typ != "" {
		b = AppendAttr(b, "type", typ)
	}
	b = AppendText(append(b, "><body>"...), body)
	el, err := Parse(append(b, "</body></message>"...), NSClient, Limits{})
	if err != nil {
		return nil, fmt.Errorf("message: %w", err)
	}
	return el, nil
}

// Body is the text of a message's first body, without a look at its language.
func (e *Element) Body() string { return e.Child(NSClient, "body").Text() }

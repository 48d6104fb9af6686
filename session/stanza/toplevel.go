package stanza

import "strings"

// topLevel reads a child of the stream's root, or the end tag of the root.
func (p *parser) topLevel(root string) error {
	p.pos++
	if c, err := p.peek(); err != nil || c != '/' {
		p.pos = 0
		if err != nil {
			return err
		}
		return p.element()
	}
	p.pos++
	at := p.pos
	name, err := p.qname()
	if err != nil {
		return err
	}
	if string(p.b[at:][:name.size]) != root {
		return notWellFormed("end tag of another element")
	}
	if _, err := p.skipSpace(); err != nil {
		return err
	}
	if err := p.expect(">"); err != nil {
		return err
	}
	return ErrStreamEnd
}

// strayText says what is wrong with text where only elements may stand.
func (p *parser) strayText() error {
	if err := p.character(); err != nil {
		return err
	}
	return &StreamError{Condition: StreamBadFormat, Text: "text outside of an element"}
}

// prolog reads an XML declaration, if there is one, and the start tag of the
// root (RFC 6120, 11.4 and 4.7).
func (p *parser) prolog() error {
	c, err := p.markupByte()
	if err == nil && c == '?' {
		if err = p.xmlDecl(); err == nil {
			if _, err = p.skipSpace(); err == nil {
				c, err = p.markupByte()
			}
		}
	}
	if err != nil {
		return err
	}
	start := p.pos
	p.pos++
	switch c {
	case '!':
		p.pos++
		return p.declaration()
	case '?':
		return restricted("processing instruction")
	}
	return p.startTag(start)
}

// markupByte returns the byte after the <, which must be at pos.
func (p *parser) markupByte() (byte, error) {
	c, err := p.peek()
	if err != nil {
		return 0, err
	}
	if c != '<' {
		if err := p.character(); err != nil {
			return 0, err
		}
		return 0, notWellFormed("expected a stream header")
	}
	p.pos++
	c, err = p.peek()
	p.pos--
	return c, err
}

// xmlDecl reads <?xml ... ?>.
func (p *parser) xmlDecl() error {
	p.pos += len("<?")
	at := p.pos
	name, err := p.qname()
	if err != nil {
		return err
	}
	if string(p.b[at:][:name.size]) != "xml" {
		return restricted("processing instruction")
	}
	// The grammar is nearly that of attributes.
	order := "version encoding standalone"
	for first := true; ; first = false {
		before := p.pos
		c, err := p.skipSpace()
		if err != nil {
			return err
		}
		if c == '?' && !first {
			return p.expect("?>")
		}
		if p.pos == before {
			return notWellFormed("expected white space in the XML declaration")
		}
		a, err := p.attribute()
		if err != nil {
			return err
		}
		key, value := string(p.b[a.at:][:a.name]), string(p.b[a.value:][:a.length])
		_, rest, ok := strings.Cut(order, key)
		if !ok || first != (key == "version") || rest != "" && rest[0] != ' ' {
			return notWellFormed("unexpected " + key + " in the XML declaration")
		}
		order = rest
		if err := checkXMLDecl(key, value); err != nil {
			return err
		}
	}
}

func checkXMLDecl(key, value string) error {
	switch {
	case key == "version" && value != "1.0":
		return notWellFormed("XML of another version than 1.0")
	case key == "encoding" && !strings.EqualFold(value, "utf-8"):
		return &StreamError{Condition: StreamUnsupportedEncoding, Text: "the encoding must be UTF-8"}
	case key == "standalone" && value != "yes" && value != "no":
		return notWellFormed("standalone must be yes or no")
	}
	return nil
}

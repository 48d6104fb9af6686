package xep0227

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

const (
	// MaxAccount bounds what one account has in a file, in bytes.
	MaxAccount = 32 << 20
	// maxDepth bounds the elements in each other.
	maxDepth = 100
	// maxElements bounds those of one account, at 64 bytes each.
	maxElements = 1 << 20
	// maxIncluded bounds the files that one file includes, those that they include too.
	maxIncluded = 16
)

const (
	nsPIE      = "urn:xmpp:pie:0"
	nsXInclude = "http://www.w3.org/2001/XInclude"
)

// errStop: whoever reads wants no more.
var errStop = errors.New("stopped")

// A reading is one pass over a file and over those that it includes.
type reading struct {
	yield    func(*bundle.Bundle, error) bool
	open     func(name string) (io.ReadCloser, error)
	most     int // bytes of an account
	included int
}

// Read gives the accounts of a file, in its order. A *bundle.Refusal says that one account,
// or another part of the file, can't be taken, and the reading goes on; any other error is
// the last. open opens a file that this one includes, by its name, which has no directory
// in it; without open none can be included, and a file for which it returns nil is
// passed over.
func Read(in io.Reader, open func(name string) (io.ReadCloser, error)) iter.Seq2[*bundle.Bundle, error] {
	return readMost(in, open, MaxAccount)
}

// readMost is Read with another limit.
func readMost(in io.Reader, open func(name string) (io.ReadCloser, error), most int) iter.Seq2[*bundle.Bundle, error] {
	return func(yield func(*bundle.Bundle, error) bool) {
		r := &reading{yield: yield, open: open, most: most}
		if err := r.file(in); err != nil && !errors.Is(err, errStop) {
			yield(nil, err)
		}
	}
}

// A scanner goes through one file.
type scanner struct {
	*reading
	tape   *tape
	tokens *xml.Decoder
	spaces []xml.Attr // the declarations of namespaces around an account
}

func (r *reading) file(in io.Reader) error {
	s := &scanner{reading: r, tape: newTape(in, r.most)}
	s.tokens = xml.NewDecoder(s.tape)
	for {
		t, err := s.next()
		switch {
		case errors.Is(err, io.EOF):
			return errors.New("the file has no element; it is to be one of XEP-0227")
		case err != nil:
			return err
		}
		root, ok := t.(xml.StartElement)
		if !ok {
			continue
		}
		switch root.Name {
		case xml.Name{Space: nsPIE, Local: "server-data"}:
			err = s.within(root, s.serverData)
		case xml.Name{Space: nsPIE, Local: "host"}: // of a file that another includes
			err = s.host(root)
		default:
			return fmt.Errorf("it begins with <%s xmlns='%s'>, not with <server-data xmlns='%s'>: it is no file of XEP-0227",
				root.Name.Local, root.Name.Space, nsPIE)
		}
		if err != nil {
			return err
		}
		return s.end()
	}
}

// next is the next token. Only the mark before it is kept.
func (s *scanner) next() (xml.Token, error) {
	s.tape.mark(s.tokens.InputOffset())
	return s.token()
}

// token reads on without moving the mark. A document type could declare entities.
func (s *scanner) token() (xml.Token, error) {
	t, err := s.tokens.Token()
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("byte %d: %w", s.tokens.InputOffset(), err)
	}
	if _, ok := t.(xml.Directive); ok {
		return nil, fmt.Errorf("byte %d: there is a document type, which is not allowed", s.tokens.InputOffset())
	}
	return t, err
}

// end has nothing after the root but comments and white space.
func (s *scanner) end() error {
	for {
		if _, err := s.next(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// within calls each for every element directly within one, which each reads to its end.
func (s *scanner) within(parent xml.StartElement, each func(xml.StartElement) error) error {
	outer := s.spaces
	defer func() { s.spaces = outer }()
	s.spaces = append(outer[:len(outer):len(outer)], declarations(parent)...)
	for {
		t, err := s.next()
		if err != nil {
			return unexpected(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := each(t); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

func declarations(el xml.StartElement) (list []xml.Attr) {
	for _, a := range el.Attr {
		if a.Name.Space == "xmlns" || a.Name == (xml.Name{Local: "xmlns"}) {
			list = append(list, a)
		}
	}
	return list
}

func (s *scanner) serverData(el xml.StartElement) error {
	switch el.Name {
	case xml.Name{Space: nsPIE, Local: "host"}:
		return s.host(el)
	case xml.Name{Space: nsXInclude, Local: "include"}:
		return s.include(el)
	}
	return s.pass(el, "the file", fmt.Errorf("there is no place for <%s xmlns='%s'>", el.Name.Local, el.Name.Space))
}

// host reads the accounts of a domain.
func (s *scanner) host(el xml.StartElement) error {
	name := attribute(el, "jid")
	domain, err := events.ParseJID(name)
	if err == nil && (domain.Local() != "" || !domain.IsBare()) {
		err = errors.New("it is not a domain")
	}
	return s.within(el, func(el xml.StartElement) error {
		switch {
		case el.Name == xml.Name{Space: nsXInclude, Local: "include"}:
			return s.include(el)
		case el.Name != xml.Name{Space: nsPIE, Local: "user"}:
			return s.pass(el, name, fmt.Errorf("there is no place for <%s xmlns='%s'>", el.Name.Local, el.Name.Space))
		case err != nil:
			return s.pass(el, attribute(el, "name")+"@"+name, err)
		}
		return s.user(el, domain)
	})
}

// include reads a file in the place of the element (XInclude, 3). ejabberd gives the
// names alone.
func (s *scanner) include(el xml.StartElement) error {
	name := attribute(el, "href")
	if err := s.skip(); err != nil {
		return err
	}
	s.included++
	switch {
	case s.open == nil || name == "" || name[0] == '.' || strings.ContainsAny(name, `/\:`):
		return fmt.Errorf("it includes %q, which is no file beside it", name)
	case s.included > maxIncluded:
		return fmt.Errorf("it includes more than %d files", maxIncluded)
	}
	f, err := s.open(name)
	if err != nil {
		return fmt.Errorf("it includes %q: %w", name, err)
	}
	if f == nil {
		return nil
	}
	defer f.Close()
	if err := s.file(f); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// user cuts an account out of the file and gives it.
func (s *scanner) user(el xml.StartElement, domain events.JID) error {
	text, err := s.cut()
	if err != nil {
		return err
	}
	name := attribute(el, "name")
	account, err := bundle.Account(name, domain.Domain())
	if err != nil {
		return s.refuse(name+"@"+domain.Domain(), err)
	}
	root, err := stanza.Parse(s.standalone(text), nsPIE, stanza.Limits{Bytes: 2 * MaxAccount, Depth: maxDepth, Elements: maxElements})
	if err != nil {
		return s.refuse(account.String(), err)
	}
	b := bundle.New(account)
	take(b, root.First())
	return s.give(b, nil)
}

// standalone has the declarations around an account around it.
func (s *scanner) standalone(text []byte) []byte {
	b := []byte("<host")
	last := map[string]string{}
	for _, a := range s.spaces {
		name := "xmlns"
		if a.Value == nsXInclude {
			continue // which nothing within an account is of
		}
		if a.Name.Space != "" {
			name += ":" + a.Name.Local
		}
		last[name] = a.Value
	}
	for name, value := range last {
		b = stanza.AppendAttr(b, name, value)
	}
	return append(append(append(b, '>'), text...), "</host>"...)
}

// cut reads an element whose start tag was the last token to its end, and returns it as
// it was written, without comments and processing instructions.
func (s *scanner) cut() (text []byte, err error) {
	type span struct{ from, to int64 }
	var left []span
	for depth := 1; depth > 0; {
		at := s.tokens.InputOffset()
		t, err := s.token()
		if err != nil {
			return nil, unexpected(err)
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; depth > 10*maxDepth {
				return nil, fmt.Errorf("byte %d: %d elements in each other", at, depth)
			}
		case xml.EndElement:
			depth--
		case xml.Comment, xml.ProcInst:
			left = append(left, span{at, s.tokens.InputOffset()})
		}
	}
	end := s.tokens.InputOffset()
	whole, from := s.tape.since(end), s.tape.begin
	for _, l := range left {
		text = append(text, whole[from-s.tape.begin:l.from-s.tape.begin]...)
		from = l.to
	}
	return append(text, whole[from-s.tape.begin:]...), nil
}

// skip reads an element to its end.
func (s *scanner) skip() error {
	for depth := 1; depth > 0; {
		t, err := s.next()
		if err != nil {
			return unexpected(err)
		}
		switch t.(type) {
		case xml.StartElement:
			if depth++; depth > 10*maxDepth {
				return fmt.Errorf("byte %d: %d elements in each other", s.tokens.InputOffset(), depth)
			}
		case xml.EndElement:
			depth--
		}
	}
	return nil
}

// pass skips what can't be taken and says so.
func (s *scanner) pass(_ xml.StartElement, what string, reason error) error {
	if err := s.skip(); err != nil {
		return err
	}
	return s.refuse(what, reason)
}

func (r *reading) refuse(what string, reason error) error {
	return r.give(nil, &bundle.Refusal{Account: what, Reason: reason})
}

func (r *reading) give(b *bundle.Bundle, err error) error {
	if !r.yield(b, err) {
		return errStop
	}
	return nil
}

func attribute(el xml.StartElement, name string) string {
	for _, a := range el.Attr {
		if a.Name == (xml.Name{Local: name}) {
			return a.Value
		}
	}
	return ""
}

// unexpected is the end of a file that should go on.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("the file is cut off")
	}
	return err
}

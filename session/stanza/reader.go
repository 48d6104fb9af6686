package stanza

import (
	"errors"
	"io"
)

// A Reader reads an XML stream: its header, then its top-level elements one by
// one. It belongs to one goroutine at a time.
type Reader struct {
	in     input
	lim    Limits
	root   string // the name of the root with its prefix; "" before the header
	empty  bool   // the header was an empty element
	scope  *scope
	sticky error // the stream is over
}

// NewReader returns a reader of the stream that comes from r.
func NewReader(r io.Reader, lim Limits) *Reader {
	rd := &Reader{lim: lim.withDefaults()}
	rd.in.small = make([]byte, smallBuffer)
	rd.Reset(r)
	return rd
}

// Reset expects a new stream from r and drops everything that was read and not
// consumed, as a connection must where TLS begins (RFC 6120, 5.4.3.3). Whoever
// sent something ahead ([Reader.Buffered]) tried to inject it.
func (rd *Reader) Reset(r io.Reader) {
	rd.in = input{src: r, small: rd.in.small, whole: rd.in.small, max: headerBytes}
	rd.Restart()
}

// Restart expects a new stream on the same connection, after SASL (RFC 6120,
// 6.4.6). Bytes that were read and not consumed belong to it.
func (rd *Reader) Restart() {
	rd.root, rd.empty, rd.scope, rd.sticky = "", false, nil, nil
}

// SetLimits changes the limits of the elements that follow.
func (rd *Reader) SetLimits(lim Limits) { rd.lim = lim.withDefaults() }

// Buffered returns how many bytes were read and not consumed.
func (rd *Reader) Buffered() int { return rd.in.w - rd.in.r }

// Header reads the XML declaration, which may be absent, and the stream header.
// White space before it is skipped. The header's strings share one small
// allocation. Errors are as of [Reader.Next]; a header of more than 8 KiB is a
// policy-violation.
func (rd *Reader) Header() (Header, error) {
	if rd.sticky != nil {
		return Header{}, rd.sticky
	}
	if _, err := rd.between(headerBytes); err != nil {
		return Header{}, rd.fail(err)
	}
	p := newParser(&rd.in, rd.lim, nil)
	defer p.release()
	if err := p.prolog(); err != nil {
		return Header{}, rd.failWithin(err)
	}
	root := p.document()
	rd.in.consume()
	rd.enter(root)
	return rootHeader(root), nil
}

// enter makes root the element around everything that follows.
func (rd *Reader) enter(root *Element) {
	rd.root = "stream:stream" // without an allocation for nearly everyone
	if name := root.doc.raw[root.start+1:][:root.name]; name != rd.root {
		rd.root = name
	}
	rd.empty = root.end != 0
	rd.scope = scopeOf(root)
}

// Next returns the next top-level element, a stanza or another. White space
// before it, which keeps connections alive, is skipped and takes no memory.
//
// It returns [ErrStreamEnd] at the stream's end tag; [io.EOF] or
// [io.ErrUnexpectedEOF] where the input ends without one, between or within
// elements; a [*StreamError] for content that a stream may not have. All of
// these are final. Other errors are those of the underlying reader, wrapped:
// after one that is not final, such as a deadline, Next continues where it was.
func (rd *Reader) Next() (*Element, error) {
	if rd.sticky != nil {
		return nil, rd.sticky
	}
	if rd.root == "" {
		return nil, errors.New("read stream: call Header before Next")
	}
	if rd.empty {
		return nil, rd.fail(ErrStreamEnd)
	}
	c, err := rd.between(rd.lim.Bytes)
	if err != nil {
		return nil, rd.fail(err)
	}
	p := newParser(&rd.in, rd.lim, rd.scope)
	defer p.release()
	if c != '<' {
		return nil, rd.failWithin(p.strayText())
	}
	if err := p.topLevel(rd.root); err != nil {
		return nil, rd.failWithin(err)
	}
	el := p.document()
	rd.in.consume()
	return el, nil
}

// between skips white space up to the next top-level element, opens the window
// on it and returns its first byte.
func (rd *Reader) between(max int) (byte, error) {
	rd.in.begin(max)
	for {
		for i, c := range rd.in.b {
			if class[c]&isSpace == 0 {
				rd.in.pos = i
				rd.in.consume()
				return c, nil
			}
		}
		rd.in.pos = len(rd.in.b)
		rd.in.consume()
		if rd.in.rest(); len(rd.in.b) > 0 {
			continue
		}
		if err := rd.in.more(); err != nil {
			return 0, err
		}
	}
}

// fail makes final errors stay: after one there is no telling where the next
// element begins.
func (rd *Reader) fail(err error) error {
	var refused *StreamError
	switch {
	case err == errEnd:
		err = io.EOF
	case err == io.ErrUnexpectedEOF, err == ErrStreamEnd, errors.As(err, &refused):
	default:
		return err
	}
	rd.sticky = err
	return err
}

// failWithin is fail for an element that was not read to its end. Its bytes stay
// in the buffer, so that reading it can be tried again.
func (rd *Reader) failWithin(err error) error {
	rd.in.begin(rd.in.max)
	if err == errEnd {
		err = io.ErrUnexpectedEOF
	}
	return rd.fail(err)
}

// Parse reads data as one element with nothing but white space around it: a
// stanza that was stored. The default namespace around it is content: NSClient
// for what [Element.AppendTo] wrote. The element does not refer to data. The
// errors are those of [Reader.Next] that are final.
func Parse(data []byte, content string, lim Limits) (*Element, error) {
	return parse(data, contentScope(content), lim)
}

// ParseMessage is [Parse] for a message of a WebSocket (RFC 7395, 3.3), which
// declares its own namespaces. lang is the language that the stream's <open/>
// said, "" if it said none.
func ParseMessage(data []byte, lang string, lim Limits) (*Element, error) {
	if lang == "" {
		return parse(data, nil, lim)
	}
	return parse(data, &scope{lang: lang}, lim)
}

func parse(data []byte, around *scope, lim Limits) (*Element, error) {
	rd := Reader{lim: lim.withDefaults(), in: input{whole: data, w: len(data)}}
	c, err := rd.between(rd.lim.Bytes)
	if err != nil {
		return nil, rd.failWithin(err)
	}
	p := newParser(&rd.in, rd.lim, around)
	defer p.release()
	if c != '<' {
		return nil, rd.failWithin(p.strayText())
	}
	if err := p.element(); err != nil {
		return nil, rd.failWithin(err)
	}
	el := p.document()
	rd.in.consume()
	if _, err := rd.between(rd.lim.Bytes); err != errEnd {
		return nil, notWellFormed("more than one element")
	}
	return el, nil
}

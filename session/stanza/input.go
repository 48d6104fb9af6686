package stanza

import (
	"errors"
	"fmt"
	"io"
)

// smallBuffer is what a reader at rest keeps: most stanzas fit into it.
const smallBuffer = 1 << 10

// An input is a window on the bytes of a stream. The window begins where the
// element being parsed begins, so that positions in it stay what they are when
// the buffer moves or grows, and it never shows more than the element may have:
// a limit is met at the same byte however the input was cut.
type input struct {
	src   io.Reader // nil: nothing follows what is there
	small []byte    // the buffer at rest
	whole []byte    // the buffer in use: small, or a larger one
	r, w  int       // whole[r:w] was read and is not consumed
	max   int       // the most bytes that the window may show
	b     []byte    // the window, a prefix of whole[r:w]
	pos   int       // the next byte to look at, in b
}

// errEnd says that the input ended; where it did decides what that means.
var errEnd = errors.New("end of input")

// begin opens the window at the next byte to consume.
func (in *input) begin(max int) {
	in.max = max
	in.pos = 0
	in.show()
}

func (in *input) show() { in.b = in.whole[in.r:min(in.w, in.r+in.max)] }

// consume ends the window before pos.
func (in *input) consume() {
	in.r += in.pos
	in.begin(in.max)
}

// rest gives a large buffer back when nothing is in it.
func (in *input) rest() {
	if in.r == in.w {
		in.r, in.w = 0, 0
		in.whole = in.small
		in.show()
	}
}

// more adds at least one byte to the window. It fails with policy-violation
// where the window may show no more, and with errEnd where the input ends.
func (in *input) more() error {
	if len(in.b) >= in.max {
		return violation(fmt.Sprintf("more than %d bytes", in.max))
	}
	if in.src == nil {
		return errEnd
	}
	in.makeRoom()
	// A reader may return nothing and no error, but not for ever (io.Reader).
	for range 100 {
		n, err := in.src.Read(in.whole[in.w:])
		if n > 0 {
			// An error beside bytes comes again with the next read.
			in.w += n
			in.show()
			return nil
		}
		if err == io.EOF {
			return errEnd
		}
		if err != nil {
			return fmt.Errorf("read stream: %w", err)
		}
	}
	return fmt.Errorf("read stream: %w", io.ErrNoProgress)
}

// makeRoom leaves room for a read: at the end of the buffer, by moving what is
// in it to the front, or in a larger one. Sizes go up by four, so that even the
// largest stanza is copied only a few times.
func (in *input) makeRoom() {
	switch {
	case in.w < len(in.whole):
	case in.r > 0:
		in.w = copy(in.whole, in.whole[in.r:in.w])
		in.r = 0
	default:
		// Here the whole buffer is the window, and that is less than max.
		larger := make([]byte, min(4*len(in.whole), max(in.max, smallBuffer)))
		in.w = copy(larger, in.whole)
		in.whole = larger
	}
}

// peek returns the byte at pos.
func (in *input) peek() (byte, error) {
	if in.pos < len(in.b) {
		return in.b[in.pos], nil
	}
	return in.await()
}

// await is peek where the window ends before pos.
func (in *input) await() (byte, error) {
	for in.pos >= len(in.b) {
		if err := in.more(); err != nil {
			return 0, err
		}
	}
	return in.b[in.pos], nil
}

// skipSpace leaves pos at the next byte that is no white space and returns it.
func (in *input) skipSpace() (byte, error) {
	for {
		c, err := in.peek()
		if err != nil || class[c]&isSpace == 0 {
			return c, err
		}
		in.pos++
	}
}

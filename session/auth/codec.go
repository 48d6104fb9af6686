package auth

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/rollcall-xmpp/rollcall/events"
)

// The document of an account is a msgpack array:
//
//	[version, sha256, sha1, disabled, role, created, changed, further, until, reason, by]
//
// where sha256 and sha1 are [salt, iterations, stored key, server key], further is an
// array of names, and the times are milliseconds since 1970, until 0 if it is never.
// The last four came later, and a document without them has none of that. Fields are only ever appended, to either
// array, and a reader skips those it doesn't know: the version changes only
// when an old reader must not go on.
const (
	docVersion = 1
	docFields  = 11
	leastDoc   = 7 // fields that every document has
	keysFields = 4
)

// maxIterations bounds what a document may make us compute for one PLAIN.
const maxIterations = 1_000_000

// maxBytes bounds each salt and key in a document, in bytes.
const maxBytes = 256

// ErrDocument is wrapped by every error of [DecodeCredentials].
var ErrDocument = errors.New("not a credentials document")

// Encode returns the document of c.
func (c *Credentials) Encode() []byte {
	var b bytes.Buffer
	e := msgpack.NewEncoder(&b)
	err := errors.Join(
		e.EncodeArrayLen(docFields),
		e.EncodeInt(docVersion),
		encodeKeys(e, c.SHA256),
		encodeKeys(e, c.SHA1),
		e.EncodeBool(c.Disabled),
		e.EncodeString(c.Role),
		e.EncodeInt(c.Created.UnixMilli()),
		e.EncodeInt(c.Changed.UnixMilli()),
		encodeNames(e, c.Further),
		encodeUntil(e, c.Disabling.Until),
		e.EncodeString(c.Disabling.Reason),
		e.EncodeString(string(c.Disabling.By)),
	)
	if err != nil {
		panic(fmt.Sprintf("auth: writing to memory failed: %v", err))
	}
	return b.Bytes()
}

func encodeNames(e *msgpack.Encoder, names []string) error {
	err := e.EncodeArrayLen(len(names))
	for _, name := range names {
		err = errors.Join(err, e.EncodeString(name))
	}
	return err
}

func encodeUntil(e *msgpack.Encoder, t time.Time) error {
	if t.IsZero() {
		return e.EncodeInt(0)
	}
	return e.EncodeInt(t.UnixMilli())
}

func encodeKeys(e *msgpack.Encoder, k Keys) error {
	return errors.Join(
		e.EncodeArrayLen(keysFields),
		e.EncodeBytes(k.Salt),
		e.EncodeInt(int64(k.Iterations)),
		e.EncodeBytes(k.StoredKey),
		e.EncodeBytes(k.ServerKey),
	)
}

// DecodeCredentials reads a document. Its errors wrap [ErrDocument].
func DecodeCredentials(doc []byte) (*Credentials, error) {
	r := reader{d: msgpack.NewDecoder(bytes.NewReader(doc))}
	n := r.array(leastDoc)
	if v := r.int(); r.err == nil && v != docVersion {
		return nil, fmt.Errorf("%w: version %d, this program reads %d; upgrade it", ErrDocument, v, docVersion)
	}
	c := &Credentials{
		SHA256:   r.keys(),
		SHA1:     r.keys(),
		Disabled: r.bool(),
		Role:     r.string(),
		Created:  time.UnixMilli(r.int()).UTC(),
		Changed:  time.UnixMilli(r.int()).UTC(),
	}
	known := leastDoc
	if n >= docFields {
		known = docFields
		c.Further = r.names()
		c.Disabling = Disabling{Until: r.until(), Reason: r.string(), By: events.Actor(r.string())}
	}
	r.skip(n - known)
	if r.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrDocument, r.err)
	}
	return c, nil
}

// A reader remembers the first error, after which it gives zero values.
type reader struct {
	d   *msgpack.Decoder
	err error
}

// read does one step unless an earlier one failed.
func read[T any](r *reader, decode func() (T, error)) T {
	var zero T
	if r.err != nil {
		return zero
	}
	v, err := decode()
	if err != nil {
		r.err = err
		return zero
	}
	return v
}

func (r *reader) int() int64     { return read(r, r.d.DecodeInt64) }
func (r *reader) bool() bool     { return read(r, r.d.DecodeBool) }
func (r *reader) string() string { return read(r, r.d.DecodeString) }

// bytes looks at the length before it makes room: DecodeBytes believes any.
func (r *reader) bytes() []byte {
	n := read(r, r.d.DecodeBytesLen)
	if n > maxBytes {
		r.fail("a key of %d bytes, the limit is %d", n, maxBytes)
	}
	if r.err != nil || n < 0 {
		return nil
	}
	b := make([]byte, n)
	r.err = r.d.ReadFull(b)
	return b
}

// array reads the length of an array that must have at least least elements.
func (r *reader) array(least int) int {
	n := read(r, r.d.DecodeArrayLen)
	if n < least {
		r.fail("%d fields, expected %d", n, least)
	}
	return n
}

func (r *reader) skip(n int) {
	for ; n > 0 && r.err == nil; n-- {
		r.err = r.d.Skip()
	}
}

// until reads a time, of which 0 is none.
func (r *reader) until() time.Time {
	ms := r.int()
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func (r *reader) names() (list []string) {
	n := r.array(0)
	if n > MaxFurther {
		r.fail("%d further roles, the limit is %d", n, MaxFurther)
	}
	for ; n > 0 && r.err == nil; n-- {
		list = append(list, r.string())
	}
	return list
}

func (r *reader) keys() Keys {
	n := r.array(keysFields)
	k := Keys{Salt: r.bytes(), Iterations: int(r.int()), StoredKey: r.bytes(), ServerKey: r.bytes()}
	if k.Iterations < 0 || k.Iterations > maxIterations {
		r.fail("%d iterations, the limit is %d", k.Iterations, maxIterations)
	}
	r.skip(n - keysFields)
	return k
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

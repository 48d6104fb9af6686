package export

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// entries gives those of a manifest, each checked: that it is signed with the key of the
// first, names the line before, and goes on where that ended. hash is that of the newest
// line given. An error is the last.
func entries(text []byte, hash *string) iter.Seq2[entry, error] {
	return func(yield func(entry, error) bool) {
		var c chain
		n := 0
		for raw := range bytes.Lines(text) {
			n++
			raw = bytes.TrimSuffix(raw, []byte("\n"))
			e, err := c.next(raw)
			if err != nil {
				yield(e, fmt.Errorf("%w: line %d: %w", ErrManifest, n, err))
				return
			}
			*hash = hashOf(raw)
			c.hash = *hash
			if !yield(e, nil) {
				return
			}
		}
		if n == 0 {
			yield(entry{}, fmt.Errorf("%w: it is empty", ErrManifest))
		}
	}
}

// A chain is what the next line must fit.
type chain struct {
	key  ed25519.PublicKey // nil before the first
	hash string
	last Segment
	head Head
}

func (c *chain) next(raw []byte) (e entry, err error) {
	var l line
	if err := json.Unmarshal(raw, &l); err != nil {
		return e, err
	}
	if again, err := json.Marshal(l); err != nil || !bytes.Equal(again, raw) {
		return e, errors.New("it is not as it was written")
	}
	if err := json.Unmarshal(l.Entry, &e); err != nil {
		return e, err
	}
	if (c.key == nil) != (e.Head != nil) || e.parts() != 1 {
		return e, errors.New("the first has a head, all others a segment or what was removed")
	}
	if e.Head != nil {
		c.head = *e.Head
		if c.key, err = e.Head.Key.key(); err != nil {
			return e, err
		}
	}
	switch {
	case !ed25519.Verify(c.key, l.Entry, l.Signature):
		return e, errors.New("the signature is not that of the key")
	case e.Previous != c.hash:
		return e, errors.New("it does not follow the line before")
	case e.Segment != nil:
		return e, c.segment(*e.Segment)
	}
	return e, nil
}

// segment checks that a segment begins where the one before ended.
func (c *chain) segment(s Segment) error {
	from := c.head.After + 1
	if c.last.To > 0 {
		from = c.last.To + 1
	}
	if s.From != from || s.To < s.From || s.Hour.Before(c.last.Hour) {
		return fmt.Errorf("the segment from %d to %d does not begin at %d", s.From, s.To, from)
	}
	c.last = s
	return nil
}

package pep

import (
	"encoding/binary"
	"errors"
)

// documentVersion begins the stored form. After it come the nodes: kind, access,
// name, the number of items to keep, flags, and the items by id and XML. Numbers
// are uvarints, texts have their length before them.
const documentVersion = 1

// ErrDocument is the error of Decode.
var ErrDocument = errors.New("not a document of published items")

// size bounds the length of the encoded store from above.
func (s *Store) size() int {
	const number = 3 // bytes, for a length; no text is longer than MaxBytes
	n := 1
	for _, node := range s.nodes {
		n += 2 + len(node.Name) + 4*number
		for _, it := range node.Items {
			n += len(it.ID) + len(it.XML) + 2*number
		}
	}
	return n
}

// Encode returns the document, at most MaxBytes.
func (s *Store) Encode() []byte {
	b := append(make([]byte, 0, s.size()), documentVersion)
	for _, n := range s.nodes {
		b = append(b, byte(n.Kind), byte(n.Access))
		b = appendText(b, n.Name)
		b = binary.AppendUvarint(b, uint64(n.MaxItems))
		b = append(b, flags(n.Config))
		b = binary.AppendUvarint(b, uint64(len(n.Items)))
		for _, it := range n.Items {
			b = appendText(b, it.ID)
			b = appendText(b, string(it.XML))
		}
	}
	return b
}

// The flags of a node.
const (
	flagFleeting = 1 << iota
	flagSilent
)

func flags(c Config) (b byte) {
	if c.Fleeting {
		b |= flagFleeting
	}
	if c.Silent {
		b |= flagSilent
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// Decode reads a document that has the revision. Empty data is that of no
// document. The store refers to data.
func Decode(revision uint64, data []byte) (*Store, error) {
	s := &Store{revision: revision}
	if len(data) == 0 {
		return s, nil
	}
	if data[0] != documentVersion {
		return nil, ErrDocument
	}
	d := decoder{rest: data[1:]}
	for len(d.rest) > 0 && !d.bad {
		s.nodes = append(s.nodes, d.node())
	}
	if d.bad {
		return nil, ErrDocument
	}
	return s, nil
}

// A decoder reads what Encode wrote. Once it is bad it gives zeros.
type decoder struct {
	rest []byte
	bad  bool
}

func (d *decoder) node() *Node {
	n := &Node{Key: Key{Kind: Kind(d.byte())}}
	n.Access = Access(d.byte())
	n.Name = string(d.text())
	n.MaxItems = int(d.number())
	flags := d.byte()
	n.Fleeting, n.Silent = flags&flagFleeting != 0, flags&flagSilent != 0
	for range d.number() {
		if d.bad {
			break
		}
		n.Items = append(n.Items, Item{ID: string(d.text()), XML: d.text()})
	}
	return n
}

func (d *decoder) byte() byte {
	b := d.take(1)
	if d.bad {
		return 0
	}
	return b[0]
}

func (d *decoder) number() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 || v > MaxBytes {
		d.bad = true
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *decoder) text() []byte { return d.take(int(d.number())) }

func (d *decoder) take(n int) []byte {
	if d.bad || n > len(d.rest) {
		d.bad = true
		return nil
	}
	b := d.rest[:n:n]
	d.rest = d.rest[n:]
	return b
}

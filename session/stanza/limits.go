package stanza

// Limits bound what one stanza may cost. Beyond any of them the stream ends
// with policy-violation. A field that is zero or less stands for its default.
type Limits struct {
	// Bytes of a stanza as sent, from < to >. Default 256 KiB.
	Bytes int
	// Depth of elements in each other, the stanza itself included. Default 64.
	Depth int
	// Elements of a stanza, itself included. Default 4096. Each costs 64 bytes.
	Elements int
	// Attributes of one element, namespace declarations included. Default 64.
	// It is also the limit of declarations in scope at once.
	Attributes int
	// Name is the length of an element's or an attribute's name with its prefix,
	// in bytes. Default 256, at most 65535.
	Name int
}

// headerBytes limits a stream header with its XML declaration.
const headerBytes = 8 << 10

func (l Limits) withDefaults() Limits {
	set := func(field *int, value int) {
		if *field <= 0 {
			*field = value
		}
	}
	set(&l.Bytes, 256<<10)
	set(&l.Depth, 64)
	set(&l.Elements, 4096)
	set(&l.Attributes, 64)
	set(&l.Name, 256)
	// Offsets into a stanza are kept in 32 bits, lengths of names in 16.
	l.Bytes = min(l.Bytes, 1<<30)
	l.Attributes = min(l.Attributes, 1<<15)
	l.Name = min(l.Name, 1<<16-1)
	return l
}

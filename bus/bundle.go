package bus

import (
	"encoding/binary"
	"iter"
)

// A bundle is several records in one message: each as a msgpack bin 32, one
// after the other. A record alone begins with an array, so that a message tells
// by its first byte which it is.
type bundle struct {
	subject string
	data    []byte
	records uint64
}

const (
	bin32     = 0xc6
	bin32Head = 5 // bytes: the marker and the length
)

func (b *bundle) add(record []byte) {
	b.data = append(b.data, bin32)
	b.data = binary.BigEndian.AppendUint32(b.data, uint32(len(record)))
	b.data = append(b.data, record...)
	b.records++
}

// records gives the records of a message. A part that is cut off, or is not a
// record at all, is given as it is: it can't be decoded, and whoever tries
// reports it.
func records(data []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for len(data) >= bin32Head && data[0] == bin32 {
			n := uint64(binary.BigEndian.Uint32(data[1:]))
			if n > uint64(len(data)-bin32Head) {
				break
			}
			if !yield(data[bin32Head : bin32Head+n]) {
				return
			}
			if data = data[bin32Head+n:]; len(data) == 0 {
				return
			}
		}
		yield(data)
	}
}

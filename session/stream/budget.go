package stream

import "sync/atomic"

// freeShare is how many bytes of a kind a client may have kept for it without
// counting: far more than one that reads, acknowledges and ends its stanzas has.
const freeShare = 64 << 10

// A Budget counts what a server keeps of one kind for all clients, so that many
// of them can't take together what each may take alone.
type Budget struct {
	most  int64
	bytes atomic.Int64
	full  func() // called when there is no room, if not nil; it doesn't block
}

// Share is the share of one client that has nothing yet.
func (b *Budget) Share() Share { return Share{of: b} }

// A Share is one client's part of a budget: what it has beyond 64 KiB, which are
// free. It is guarded like what it counts.
type Share struct {
	of      *Budget
	counted int
}

// Reserve brings the share up to that of so many bytes in all, and reports whether
// there was room.
func (s *Share) Reserve(bytes int) bool {
	more := max(bytes-freeShare, 0) - s.counted
	if more <= 0 {
		return true // Release brings it down
	}
	if s.of.bytes.Add(int64(more)) > s.of.most {
		s.of.bytes.Add(int64(-more))
		if s.of.full != nil {
			s.of.full()
		}
		return false
	}
	s.counted += more
	return true
}

// Release brings it down to that of so many bytes that are left.
func (s *Share) Release(bytes int) {
	if less := s.counted - max(bytes-freeShare, 0); less > 0 {
		s.of.bytes.Add(int64(-less))
		s.counted -= less
	}
}

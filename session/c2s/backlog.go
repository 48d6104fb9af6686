package c2s

import "sync/atomic"

// freeShare is how many bytes of a kind a client may have kept for it without
// counting: far more than one has that reads, acknowledges and ends its stanzas.
const freeShare = 64 << 10

// A backlog counts what a server keeps of one kind for all clients, so that many
// of them can't take together what each may take alone.
type backlog struct {
	most  int64
	bytes atomic.Int64
	full  func() // called when there is no room, if not nil; it doesn't block
}

// A share is one client's part of a backlog: what it has beyond freeShare. It is
// guarded like what it counts.
type share struct {
	of      *backlog
	counted int
}

// cover brings the share up to that of so many bytes, and reports whether there
// was room.
func (s *share) cover(bytes int) bool {
	more := max(bytes-freeShare, 0) - s.counted
	if more <= 0 {
		return true // uncover brings it down
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

// uncover brings it down to that.
func (s *share) uncover(bytes int) {
	if less := s.counted - max(bytes-freeShare, 0); less > 0 {
		s.of.bytes.Add(int64(-less))
		s.counted -= less
	}
}

package bus

// sent is what a link keeps, oldest first: a ring, because messages come and go
// by the hundred thousand.
type sent struct {
	ring []sentMsg // its length is a power of two
	head int       // of the oldest
	n    int
}

type sentMsg struct {
	data []byte // with trailer
	at   int64  // Unix nanoseconds
	done bool   // it was given back, and is done with
}

// sentMemory is how many messages' memory, 40 bytes each, is kept for more.
const sentMemory = 1024

// at is the i-th, 0 the oldest.
func (s *sent) at(i int) *sentMsg { return &s.ring[(s.head+i)&(len(s.ring)-1)] }

func (s *sent) push(m sentMsg) {
	if s.n == len(s.ring) {
		ring := make([]sentMsg, max(16, 2*s.n))
		for i := range s.n {
			ring[i] = *s.at(i)
		}
		s.ring, s.head = ring, 0
	}
	s.n++
	*s.at(s.n - 1) = m
}

// drop removes the oldest.
func (s *sent) drop() {
	*s.at(0) = sentMsg{}
	s.head++
	s.n--
	if s.n == 0 && len(s.ring) > sentMemory {
		s.ring = nil
	}
}

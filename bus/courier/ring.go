package courier

// A ring is what a link keeps, oldest first. Messages come and go by the hundred
// thousand, and none is moved.
type ring struct {
	slots []sentMsg // its length is a power of two
	head  int       // of the oldest
	n     int
}

type sentMsg struct {
	data []byte // with trailer
	at   int64  // Unix nanoseconds
	done bool   // it was given back, and is done with
}

// ringMemory is how many messages' memory, 40 bytes each, is kept for more.
const ringMemory = 1024

// at is the i-th, 0 the oldest.
func (r *ring) at(i int) *sentMsg { return &r.slots[(r.head+i)&(len(r.slots)-1)] }

func (r *ring) push(m sentMsg) {
	if r.n == len(r.slots) {
		slots := make([]sentMsg, max(16, 2*r.n))
		for i := range r.n {
			slots[i] = *r.at(i)
		}
		r.slots, r.head = slots, 0
	}
	r.n++
	*r.at(r.n - 1) = m
}

// drop removes the oldest.
func (r *ring) drop() {
	*r.at(0) = sentMsg{}
	r.head++
	r.n--
	if r.n == 0 && len(r.slots) > ringMemory {
		r.slots = nil
	}
}

package roster

import "fmt"

// A roster carries the last answers that contacts gave (subscribed,
// unsubscribe, unsubscribed), so that whoever follows it sees an answer, what
// it changed, and what follows from that in this order (RFC 6121, section
// 3.1.6), wherever the user's clients are. They are not part of the visible
// roster.
const (
	// MaxNotices is how many are carried: a client's connector that reads only
	// the newest of so many changes still sees them all.
	MaxNotices = 8
	// MaxNotice bounds the stanza of one, in bytes.
	MaxNotice = 4 << 10
)

// WithNotice returns the roster with an answer that was given. The roster owns
// the stanza, which has at most [MaxNotice] bytes.
func (r *Roster) WithNotice(stanza []byte) *Roster {
	if len(stanza) > MaxNotice {
		panic(fmt.Sprintf("roster: a notice of %d bytes, the limit is %d", len(stanza), MaxNotice))
	}
	c := *r.orEmpty()
	first := max(0, len(c.notices)+1-MaxNotices)
	c.notices = insert(c.notices[first:], len(c.notices)-first, stanza)
	c.noticed++
	return &c
}

// NoticesSince returns the answers that came after an older version of the
// roster, the oldest first. They must not be changed.
func (r *Roster) NoticesSince(old *Roster) [][]byte {
	r, old = r.orEmpty(), old.orEmpty()
	if r.noticed <= old.noticed {
		return nil
	}
	n := min(r.noticed-old.noticed, uint64(len(r.notices)))
	return r.notices[uint64(len(r.notices))-n:]
}

// RequestsSince returns the requests that an older version of the roster does
// not have, the oldest first. One that a contact has made anew is another.
func (r *Roster) RequestsSince(old *Roster) (list []Request) {
	old = old.orEmpty()
	for q := range r.Requests() {
		if i := old.request(q.From); i < 0 || !same(old.requests[i].number, q.number) {
			list = append(list, q)
		}
	}
	return list
}

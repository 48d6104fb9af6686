package logins

import (
	"errors"
	"fmt"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Cut is between two records of one stream: those of smaller sequences are before it, and
// of the records that share its sequence the first Parts.
type Cut struct {
	Seq   events.Seq
	Parts uint32
}

// has reports that a record is before the cut.
func (c Cut) has(st *events.Stored) bool {
	return st.Seq < c.Seq || st.Seq == c.Seq && st.Part < c.Parts
}

// A Place is between logins: before it is what is before its cuts.
type Place struct{ Log, Pre Cut }

// String is the place as text, for ParsePlace alone.
func (p Place) String() string {
	return fmt.Sprintf("%d.%d-%d.%d", p.Log.Seq, p.Log.Parts, p.Pre.Seq, p.Pre.Parts)
}

// errPlace: a text is no place.
var errPlace = errors.New("it is no place that an answer has named")

// ParsePlace reads what String has written.
func ParsePlace(text string) (p Place, err error) {
	n, err := fmt.Sscanf(text, "%d.%d-%d.%d", &p.Log.Seq, &p.Log.Parts, &p.Pre.Seq, &p.Pre.Parts)
	if err != nil || n != 4 || p.String() != text {
		return p, errPlace
	}
	return p, nil
}

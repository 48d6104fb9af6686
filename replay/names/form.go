package names

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
)

// formVersion begins the stored form: the version, a byte that is 1 if the account was
// removed, erased and searched as uvarints, and for each incarnation from and made as
// uvarints and the 16 bytes of its pseudonym.
const formVersion = 1

// errForm: a document in the bucket has another form.
var errForm = errors.New("not a document of pseudonyms")

// known is what the bucket has of one account. It is never changed, only replaced.
type known struct {
	erased       events.Seq // records up to here have no pseudonym
	removed      bool       // it was removed, so there may be incarnations that are not among these
	searched     events.Seq // if so: none begins up to here that is not
	incarnations []incarnation
}

// An incarnation has the records of its account from one sequence to the beginning of
// the next.
type incarnation struct {
	from events.Seq // 0: the account's first
	made events.Seq // the record for which the pseudonym was made
	who  Pseudonym
}

// of finds the incarnation that a record belongs to.
func (k *known) of(seq events.Seq) (incarnation, bool) {
	for _, i := range slices.Backward(k.incarnations) {
		if i.from <= seq {
			return i, true
		}
	}
	return incarnation{}, false
}

// begin is k with an incarnation that begins at a record, if it does not know of it.
// A pseudonym that was made for a later record is that incarnation's.
func (k known) begin(at events.Seq) known {
	before, ok := k.of(at)
	switch {
	case ok && before.from == at:
		return k
	case ok && before.made >= at:
		earlier := incarnation{from: before.from, made: before.from, who: newPseudonym()}
		k = k.with(before, earlier)
		return k.with(incarnation{}, incarnation{from: at, made: before.made, who: before.who})
	}
	return k.with(incarnation{}, incarnation{from: at, made: at, who: newPseudonym()})
}

// first is k with an incarnation for a record that comes before all that it knows.
func (k known) first(seq events.Seq) known {
	return k.with(incarnation{}, incarnation{made: seq, who: newPseudonym()})
}

// with has one incarnation in place of another, which may be none.
func (k known) with(old, fresh incarnation) known {
	list := slices.DeleteFunc(slices.Clone(k.incarnations), func(i incarnation) bool { return i == old })
	at, _ := slices.BinarySearchFunc(list, fresh.from, func(i incarnation, from events.Seq) int {
		return int(int64(i.from) - int64(from))
	})
	k.incarnations = slices.Insert(list, at, fresh)
	return k
}

func (k *known) encode() []byte {
	b := make([]byte, 0, 24+34*len(k.incarnations))
	b = append(b, formVersion, 0)
	if k.removed {
		b[1] = 1
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(k.erased)), uint64(k.searched))
	for _, i := range k.incarnations {
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(i.from)), uint64(i.made))
		b = append(b, i.who[:]...)
	}
	return b
}

func decode(b []byte) (k known, err error) {
	if len(b) < 4 || b[0] != formVersion || b[1] > 1 {
		return known{}, errForm
	}
	k.removed, b = b[1] == 1, b[2:]
	seq := func() events.Seq {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			b, err = nil, errForm
			return 0
		}
		b = b[n:]
		return events.Seq(v)
	}
	k.erased, k.searched = seq(), seq()
	for len(b) > 0 && err == nil {
		i := incarnation{from: seq(), made: seq()}
		if len(b) < len(i.who) {
			return known{}, errForm
		}
		b = b[copy(i.who[:], b):]
		k.incarnations = append(k.incarnations, i)
	}
	return k, err
}

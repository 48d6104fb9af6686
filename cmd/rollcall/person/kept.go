package person

import (
	"context"
	"iter"

	"github.com/rollcall-xmpp/rollcall/events"
)

// maxKept bounds in bytes, roughly, how many of the records that were read are kept, so
// that they need not be read again for the next file.
const maxKept = 32 << 20

// A kept reading is read once, unless it is too much to keep: then as often as it is asked
// for.
type kept[T any] struct {
	read  func(context.Context) iter.Seq2[T, error]
	size  func(T) int // in bytes
	list  []T
	whole bool // all is in list
	large bool // that is too much
}

// all gives what there is. An error is the last.
func (k *kept[T]) all(ctx context.Context) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if k.whole {
			for _, one := range k.list {
				if !yield(one, nil) {
					return
				}
			}
			return
		}
		sum := 0
		for one, err := range k.read(ctx) {
			if err == nil {
				sum += k.size(one)
				k.keep(one, sum)
			}
			if !yield(one, err) || err != nil {
				k.list = nil
				return
			}
		}
		k.whole = !k.large
	}
}

func (k *kept[T]) keep(one T, sum int) {
	if k.large = k.large || sum > maxKept; k.large {
		k.list = nil
		return
	}
	k.list = append(k.list, one)
}

// A record is one that was read, or what stands for one that can't be decoded.
type record struct {
	st     *events.Stored
	poison *events.PoisonError
}

// rowSize is about what a row holds of which nothing is long.
func rowSize(row) int { return 1 << 10 }

// size is about what a record holds.
func (r record) size() int {
	const frame = 500
	if r.poison != nil {
		return frame + len(r.poison.Data)
	}
	switch e := r.st.Event.(type) {
	case events.PresenceAvailable:
		return frame + len(e.Stanza)
	case events.PresenceUnavailable:
		return frame + len(e.Stanza)
	case events.Refreshed:
		return frame + len(e.Presence) + 100*len(e.Directed)
	case events.Closed:
		return frame + len(e.Text)
	case events.Unknown:
		return frame + len(e.Fields)
	}
	return frame
}

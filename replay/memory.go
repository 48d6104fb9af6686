package replay

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
)

// The most that a Memory keeps. A session that no other table has takes some 300 bytes
// and its presence.
const (
	maxKept         = 128     // tables
	maxKeptSessions = 1 << 20 // of all of them
	maxHeads        = 1 << 13 // of keyframes, twice as many as there are
	keptFor         = 5 * time.Minute
)

// minStride is how many records are from one table that is kept to the next, at least: as
// many as are read in some milliseconds.
const minStride events.Seq = 1 << 11

// A Memory keeps tables of moments that were asked about, and of some on the way there, so
// that a question about a moment near one of them reads only the records between. Tables
// share the sessions that they have in common. Beyond 128 tables, or 1,048,576 sessions in
// all of them, it forgets those that have not been used for longest, and all of them when
// nobody has asked for five minutes. It is safe for concurrent use; the zero Memory is empty.
//
// A table is used only if the log still has the record that it ends with, or has just
// removed that one as too old: a log that was cut, restored or made anew has another.
type Memory struct {
	mu    sync.Mutex
	kept  []*kept                  // by use, the newest last
	asked map[Moment]chan struct{} // being answered; closed when they are
	heads map[events.Keyframe]*keyframe.Head
	idle  *time.Timer

	stride events.Seq // in place of minStride, in tests
}

// A mark tells a record from that of another log, or of the same one before it was cut.
type mark struct {
	events.Keyframe // the place, as that of a keyframe; the format is 0
	id              events.EventID
}

func markAt(info events.Info, seq events.Seq, at int64, id events.EventID) mark {
	return mark{events.Keyframe{Created: info.Created.UnixNano(), Seq: seq, At: at}, id}
}

func (k *mark) isAt(st *events.Stored) bool { return st.Seq == k.Seq && st.At == k.At && st.ID == k.id }

// kept is a table that is folded no longer.
type kept struct {
	mark     // of the record that it ends with
	past     Past
	sessions int
}

// turn waits for whoever is answering the same question, whose answer is kept then. end
// must be called if there is no error.
func (y *Memory) turn(ctx context.Context, m Moment) (end func(), err error) {
	if y == nil {
		return func() {}, nil
	}
	for {
		y.mu.Lock()
		other := y.asked[m]
		if other == nil {
			break
		}
		y.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, Span{}.reading(ctx.Err())
		}
	}
	defer y.mu.Unlock()
	if y.asked == nil {
		y.asked = make(map[Moment]chan struct{})
	}
	done := make(chan struct{})
	y.asked[m] = done
	return func() {
		y.mu.Lock()
		defer y.mu.Unlock()
		delete(y.asked, m)
		close(done)
	}, nil
}

// nearest is the newest table at or before a range's end; nil if there is none. Whether the
// log still has its record is for the caller to see.
func (y *Memory) nearest(info events.Info, r events.Range) *kept {
	if y == nil {
		return nil
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	best := -1
	for i, k := range y.kept {
		isOf := k.Created == info.Created.UnixNano() && k.Seq+1 >= info.First
		if isOf && within(k.Keyframe, r) && (best < 0 || k.Seq > y.kept[best].Seq) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	k := y.kept[best]
	y.use(best)
	return k
}

// strideOf is how many records are from one table that is kept to the next. One of many
// sessions takes the more room.
func (y *Memory) strideOf(sessions int) events.Seq {
	return max(cmp.Or(y.stride, minStride), events.Seq(sessions/4))
}

// use makes a table the one that was used last.
func (y *Memory) use(i int) {
	k := y.kept[i]
	y.kept = append(slices.Delete(y.kept, i, i+1), k)
	y.rest()
}

// rest begins the time anew after which all is forgotten.
func (y *Memory) rest() {
	if y.idle == nil {
		y.idle = time.AfterFunc(keptFor, y.forget)
	}
	y.idle.Reset(keptFor)
}

// keep keeps a table that is not folded again, and forgets what is too much.
func (y *Memory) keep(k *kept) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.kept = slices.DeleteFunc(y.kept, func(o *kept) bool { return o.Seq == k.Seq || o.Created != k.Created })
	y.kept = append(y.kept, k)
	y.use(len(y.kept) - 1)
	all := 0
	for i := len(y.kept) - 1; i >= 0; i-- {
		if all += y.kept[i].sessions; all > maxKeptSessions || len(y.kept)-i > maxKept {
			y.kept = slices.Delete(y.kept, 0, i+1)
			break
		}
	}
}

// forget forgets all.
func (y *Memory) forget() {
	if y == nil {
		return
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	y.kept, y.heads = nil, nil
}

// head is that of a keyframe, which never changes; nil if it is not kept.
func (y *Memory) head(k events.Keyframe) *keyframe.Head {
	if y == nil {
		return nil
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	return y.heads[k]
}

// keepHead keeps one, and begins anew when there are too many.
func (y *Memory) keepHead(k events.Keyframe, h *keyframe.Head) {
	if y == nil {
		return
	}
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.heads == nil || len(y.heads) >= maxHeads {
		y.heads = make(map[events.Keyframe]*keyframe.Head)
	}
	y.heads[k] = h
	y.rest()
}

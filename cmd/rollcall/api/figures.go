package api

import (
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/stats"
)

const (
	// maxFigures is how many answers about figures are kept, and maxFigureRows how many rows
	// one has at most that is.
	maxFigures    = 32
	maxFigureRows = 5000
	// A figure of a span that goes on is kept for so many times as long as it took, up to
	// figureFor, if it took leastFigure: whoever asks all the time has a twentieth of a
	// processor, and what is cheap is never old.
	figureTimes = 20
	figureFor   = time.Minute
	leastFigure = 100 * time.Millisecond
	// figureSettles is after how long a span that is over is taken not to change, whatever
	// the clocks of the servers say of failed logins.
	figureSettles = time.Minute
)

// figures are answers that were computed recently, each of which says what span it is of. It
// is safe for concurrent use.
type figures struct {
	least time.Duration // those that took less are not kept

	mu   sync.Mutex
	list []figureKept // the newest first
}

// A figureKey is what was asked: of a span that is over its instants, otherwise the words.
type figureKey struct{ name, since, until, step, record string }

type figureKept struct {
	key   figureKey
	first events.Seq // of the log then; what it forgets may change how a span begins
	until time.Time  // to which it is good; zero: it always is
	*stats.Answer
}

// figureKeyOf tells whether the span is over.
func figureKeyOf(name string, params url.Values, asked *stats.Query) (k figureKey, over bool) {
	if asked.Until.IsZero() || time.Since(asked.Until) < figureSettles {
		return figureKey{name, params.Get("since"), params.Get("until"), params.Get("step"), params.Get("min_seq")}, false
	}
	return figureKey{name, asked.Since.Format(time.RFC3339Nano), asked.Until.Format(time.RFC3339Nano), asked.Step.String(), ""}, true
}

// read is the answer to a question that was asked before, of a log that begins there, or
// another one.
func (f *figures) read(k figureKey, over bool, first events.Seq, compute func() (*stats.Answer, error)) (*stats.Answer, error) {
	if a := f.get(k, first); a != nil {
		return a, nil
	}
	begun := time.Now()
	a, err := compute()
	if took := time.Since(begun); err == nil && took >= f.least && figureRows(a) <= maxFigureRows {
		one := figureKept{key: k, first: first, Answer: a}
		if !over {
			one.until = time.Now().Add(min(figureTimes*took, figureFor))
		}
		f.put(one)
	}
	return a, err
}

// get returns nil if there is none that is good.
func (f *figures) get(k figureKey, first events.Seq) *stats.Answer {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.list {
		if one := &f.list[i]; one.key == k && one.first == first && (one.until.IsZero() || time.Now().Before(one.until)) {
			return one.Answer
		}
	}
	return nil
}

func (f *figures) put(one figureKept) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = slices.DeleteFunc(f.list, func(was figureKept) bool { return was.key == one.key })
	f.list = slices.Insert(f.list, 0, one)
	f.list = f.list[:min(len(f.list), maxFigures)]
}

// figureRows is how many an answer has.
func figureRows(a *stats.Answer) int {
	return len(a.Concurrency) + len(a.Logins) + len(a.Ends) + len(a.Durations) + len(a.Users) + len(a.Resumes) +
		len(a.Agents) + len(a.Connectors) + len(a.Fights) + len(a.Storms)
}

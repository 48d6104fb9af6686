package api

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of a stream that is summed up.
const (
	minEvery  = 100 * time.Millisecond
	maxEvery  = time.Minute
	maxNewest = 100
)

// A digest sums up the events of a stream, for readers that show rather than keep them:
// pages. However many there are, a message tells of all since the one before.
type digest struct {
	every  time.Duration
	most   int // of the newest events that are told themselves
	events int
	types  map[string]int
	newest []json.RawMessage
}

// digestOf reads the parameters of a stream that is summed up; nil: it is not.
func digestOf(query url.Values) (*digest, error) {
	text := query.Get("every")
	if text == "" {
		if query.Has("newest") {
			return nil, bad("newest", "it is for streams that are summed up; give every, too")
		}
		return nil, nil
	}
	every, err := time.ParseDuration(text)
	if err != nil || every < minEvery || every > maxEvery {
		return nil, bad("every", "it is from %s to %s, as in 500ms", minEvery, maxEvery)
	}
	d := &digest{every: every, types: map[string]int{}}
	if text := query.Get("newest"); text != "" {
		if d.most, err = strconv.Atoi(text); err != nil || d.most < 0 || d.most > maxNewest {
			return nil, bad("newest", "it is from 0 to %d", maxNewest)
		}
	}
	return d, nil
}

// add takes an event in, and line as it is told.
func (d *digest) add(name string, line []byte) {
	d.events++
	d.types[name]++
	if d.most == 0 {
		return
	}
	if len(d.newest) == 2*d.most {
		d.newest = append(d.newest[:0], d.newest[d.most:]...)
	}
	d.newest = append(d.newest, line)
}

// take appends what was summed up since it was last taken as a message; nothing if there is
// nothing.
func (d *digest) take(buffer []byte, position events.Seq) ([]byte, error) {
	if d.events == 0 {
		return buffer, nil
	}
	text, err := json.Marshal(struct {
		Position events.Seq        `json:"position"`
		Events   int               `json:"events"`
		Types    map[string]int    `json:"types"`
		Newest   []json.RawMessage `json:"newest"` // in the order of the log
	}{position, d.events, d.types, append([]json.RawMessage{}, d.newest[max(0, len(d.newest)-d.most):]...)})
	if err != nil {
		return buffer, err
	}
	d.events, d.newest = 0, d.newest[:0]
	clear(d.types)
	return fmt.Appendf(buffer, "id: %d\nevent: digest\ndata: %s\n\n", position, text), nil
}

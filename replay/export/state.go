package export

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"os"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/replay/names"
	"github.com/rollcall-xmpp/rollcall/session"
)

// stateFolder has the stays that are open at the end of the newest segment, so that the
// next one goes on as if nothing had come in between. Nobody is named there who is not in
// the other files.
const stateFolder = ".state/"

// A keptStay is a stay in a state.
type keptStay struct {
	ID  string `json:"id"`
	Who string `json:"who,omitempty"`
	stay
}

// encode is the state as it is kept: a line of JSON for each stay, compressed.
func (o *stays) encode() ([]byte, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	if err := enc.Encode(o.begins); err != nil {
		return nil, err
	}
	for _, s := range o.sorted() {
		k := keptStay{ID: s.ID.String(), stay: *s}
		if !s.Who.IsZero() {
			k.Who = s.Who.String()
		}
		if err := enc.Encode(k); err != nil {
			return nil, err
		}
	}
	return compression.Encode(nil, text.Bytes())
}

func (o *stays) decode(data []byte) error {
	text, err := compression.Decode(nil, data)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	if err := dec.Decode(&o.begins); err != nil {
		return err
	}
	for dec.More() {
		var k keptStay
		if err := dec.Decode(&k); err != nil {
			return err
		}
		id, err := events.ParseID(k.ID)
		if err != nil {
			return err
		}
		k.stay.ID = events.SessionID(id)
		if k.Who != "" {
			if k.stay.Who, err = names.Parse(k.Who); err != nil {
				return err
			}
		}
		o.open[k.stay.ID] = &k.stay
		if k.IsBound {
			o.named[string(k.Name)] = &k.stay
		}
	}
	return nil
}

// resume takes the stays that were open at the end of a segment.
func (o *stays) resume(d *directory, f *File) error {
	data, err := os.ReadFile(d.file(f.Path))
	if err == nil && hashOf(data) != f.SHA256 {
		err = fmt.Errorf("%w: it is not what was written", events.ErrDamaged)
	}
	if err == nil {
		err = o.decode(data)
	}
	if err != nil {
		return fmt.Errorf("%s: %w; begin another directory", f.Path, err)
	}
	return nil
}

// start takes the stays that were open after a record, as far as the archive knows them.
func (o *stays) start(ctx context.Context, from replay.Archive, after events.Seq, info events.Info) error {
	clear(o.open)
	clear(o.named)
	if o.begins = 0; after == 0 {
		return nil
	}
	past, err := replay.At(ctx, from, replay.Moment{Seq: after})
	if errors.Is(err, replay.ErrForgotten) {
		o.begins = info.FirstAt.UnixNano()
		return nil
	}
	if err != nil {
		return err
	}
	o.begins = past.Begins
	past.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
		for a := range accounts {
			for _, s := range a.Sessions() {
				o.adopt(s)
			}
		}
	})
	return nil
}

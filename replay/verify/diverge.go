package verify

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

// maxDiverging bounds the parts that are folded again to name what differs.
const maxDiverging = 8

const unlike = "the keyframe after it is not what the log gives"

// compare finds out whether the keyframe behind part i is what the log gives.
func (v *verifier) compare(ctx context.Context, i int, r *Report) error {
	p, next := v.parts[i], v.parts[i+1]
	if err := await(ctx, next.loaded); err != nil {
		return err
	}
	switch {
	case next.err != nil:
		r.Passed = append(r.Passed, Unusable{*next.base, next.err})
		return nil
	case slices.ContainsFunc(v.parts[v.restsOn(i):i+1], func(p *part) bool { return p.cut }):
		return nil // nobody can tell any longer
	case p.ended.is(next.begun, p.begins == 0 && next.begins == 0, keepsRoles(v.parts[v.restsOn(i)].base) && keepsRoles(next.base)):
		r.Keyframes++
		return nil
	}
	f := Fault{After: p.after, To: p.to, Seq: p.to, At: next.base.At, Text: unlike}
	if r.Wrong < maxDiverging {
		first, err := v.diverge(ctx, i)
		if err != nil {
			return err
		}
		if first == nil {
			r.Keyframes++
			return nil
		}
		if first.seq != 0 {
			f.Seq, f.At = first.seq, first.at
		}
		f.Text = first.text
	}
	r.Wrong++
	r.fault(f)
	return nil
}

// A divergence is an account that the log and a keyframe don't agree about.
type divergence struct {
	seq  events.Seq // of its first record in the part; 0: there is none
	at   int64
	text string
}

// diverge folds a part once more and finds the account that differs from its keyframe
// and has the first record in it. It is nil if none does: sessions from before the log
// begins are in one of the tables only, and tell nothing.
func (v *verifier) diverge(ctx context.Context, i int) (*divergence, error) {
	p, next := v.parts[i], v.parts[i+1]
	theirs, _, err := v.load(ctx, *next.base)
	switch {
	case passing(ctx, err):
		return nil, err
	case err != nil: // it was there a moment ago
		return &divergence{text: unlike}, nil
	}
	ours, first, err := v.again(ctx, i)
	if err != nil {
		return nil, err
	}
	since := max(p.begins, next.begins)
	var found *divergence
	look := func(jid events.JID) {
		text := differs(ours.Account(jid), theirs.Account(jid), since)
		if text == "" {
			return
		}
		d := divergence{text: text}
		if st := first[jid]; st.seq != 0 {
			d.seq, d.at = st.seq, st.at
		}
		if found == nil || cmp.Or(cmp.Compare(d.seq, found.seq), cmp.Compare(d.text, found.text)) < 0 {
			found = &d
		}
	}
	for _, t := range [...]*projector.Table{ours, theirs} {
		t.Snapshot(func(_ events.Position, accounts iter.Seq[*session.Account]) {
			for a := range accounts {
				look(a.JID())
			}
		})
	}
	if found == nil && since == 0 {
		found = &divergence{text: unlike}
	}
	return found, nil
}

// place is where a record is, and when it was stored.
type place struct {
	seq events.Seq
	at  int64
}

// restsOn is the part whose keyframe the table of a part rests on: its own, or one before if
// that can't be used.
func (v *verifier) restsOn(i int) int {
	for i > 0 && v.parts[i].err != nil {
		i--
	}
	return i
}

// again folds a part from its own keyframe, or, where that can't be used, from one
// before, and notes each account's first record in it.
func (v *verifier) again(ctx context.Context, i int) (*projector.Table, map[events.JID]place, error) {
	p, from := v.parts[i], v.restsOn(i)
	table, after := projector.NewTable(), v.parts[from].after
	if base := v.parts[from].base; base != nil {
		var err error
		if table, _, err = v.load(ctx, *base); err != nil {
			return nil, nil, err
		}
	}
	first := make(map[events.JID]place)
	for st, err := range v.Log.Read(ctx, events.Range{After: after, To: p.to}) {
		if err != nil {
			if events.IsPoison(err) {
				continue
			}
			return nil, nil, fmt.Errorf("read the log after %d: %w", after, err)
		}
		table.Fold(st)
		if account := st.Account(); st.Seq > p.after && first[account].seq == 0 {
			first[account.Clone()] = place{st.Seq, st.At}
		}
	}
	return table, first, ctx.Err()
}

// differs says how an account in the log's table and in the keyframe's differ, in the
// sessions that began at or after an instant; "" if they don't.
func differs(ours, theirs *session.Account, since int64) string {
	for _, s := range young(ours, since) {
		o := theirs.Session(s.ID)
		switch {
		case o == nil:
			return fmt.Sprintf("the keyframe after it lacks %s, which the log gives", s.JID())
		case !bytes.Equal(encoded(s), encoded(o)):
			return fmt.Sprintf("the keyframe after it has another %s than the log gives%s", o.JID(), inWhat(s, o))
		}
	}
	for _, o := range young(theirs, since) {
		if ours.Session(o.ID) == nil {
			return fmt.Sprintf("the keyframe after it has %s, which the log does not give", o.JID())
		}
	}
	if since == 0 && ours != nil && theirs != nil && len(ours.Sessions()) > 0 && ours.Seq != theirs.Seq {
		return fmt.Sprintf("by the keyframe after it record %d is the last of %s, by the log %d", theirs.Seq, ours.JID(), ours.Seq)
	}
	return ""
}

// young are the sessions that began at or after an instant.
func young(a *session.Account, since int64) (list []*session.Session) {
	if a == nil {
		return nil
	}
	for _, s := range a.Sessions() {
		if s.Since >= since {
			list = append(list, s)
		}
	}
	return list
}

// encoded is all that is kept of a session.
func encoded(s *session.Session) []byte {
	r := s.Record()
	return r.Append(nil)
}

func inWhat(ours, theirs *session.Session) string {
	c := replay.Change{Before: ours, After: theirs}
	var names []string
	for _, d := range c.Differences() {
		names = append(names, string(d))
	}
	if ours.Address() != theirs.Address() {
		names = append(names, "address")
	}
	if ours.Role() != theirs.Role() {
		names = append(names, "role")
	}
	if len(names) == 0 {
		return ""
	}
	return " (" + strings.Join(names, ", ") + ")"
}

package ask

import (
	"cmp"
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

// A Diff is what is different between two moments.
type Diff struct {
	Changes []Change
	Whole   bool // all sessions of the first moment are known
	EndsCut bool // how sessions ended is said of those of the first MaxEnds accounts only
	More    bool // there are more than the page has
	Counts  Counts
}

// Counts are how many sessions differ in all, whatever the page has of them.
type Counts struct {
	Gone    int `json:"gone"`
	New     int `json:"new"`
	Changed int `json:"changed"`
}

// A Page is a part of a list by place. The zero Page is all of it, in its own order.
type Page struct {
	After string
	Limit int    // 0: all
	Kind  string // of changes; "": all
}

// Place is a session's in a list by JID.
func Place(v *query.Session) string { return v.JID.String() + " " + v.ID }

// A Change is how one session differs between two moments.
type Change struct {
	Change      string              `json:"change"` // Gone, New or Changed
	Before      *query.Session      `json:"before"` // null: it has begun since
	After       *query.Session      `json:"after"`  // null: it has ended since
	Differences []replay.Difference `json:"differences"`
	Ended       string              `json:"ended"`  // RFC 3339, UTC; "" if it goes on
	Reason      string              `json:"reason"` // why it ended
	Text        string              `json:"text"`   // and said of its end
	By          string              `json:"by"`     // who wanted it, if somebody did

	Was *session.Session `json:"-"` // Before, with all that there is of it
	Is  *session.Session `json:"-"` // and After
}

// The kinds of changes.
const (
	Gone    = "gone"
	New     = "new"
	Changed = "changed"
)

// MaxEnds bounds the accounts in whose histories ends are looked for.
const MaxEnds = 1000

// historyReaders is how many accounts' histories are read at once.
const historyReaders = 16

// Diff says what is different between the sessions of two moments, of everybody or, if of
// is not zero, of an account or a full JID, as replay.Diff does, whose errors it has.
func (s *Source) Diff(ctx context.Context, of events.JID, from, to replay.Moment, p Page) (d Diff, err error) {
	var all []replay.Change
	for c, err := range replay.Diff(ctx, s.Archive, of, from, to) {
		if err != nil {
			return d, err
		}
		if kind := d.Counts.count(&c); p.Kind == "" || p.Kind == kind {
			all = append(all, c)
		}
	}
	if p.Limit > 0 {
		all, d.More = p.cut(all)
	}
	if d.Whole, err = s.Archive.Knows(ctx, from); err != nil {
		return d, err
	}
	if d.EndsCut, err = s.findEnds(ctx, all); err != nil {
		return d, err
	}
	for i := range all {
		d.Changes = append(d.Changes, changeOf(&all[i]))
	}
	return d, nil
}

// count counts a change, and gives its kind.
func (n *Counts) count(c *replay.Change) string {
	switch {
	case c.After == nil:
		n.Gone++
		return Gone
	case c.Before == nil:
		n.New++
		return New
	}
	n.Changed++
	return Changed
}

// cut leaves what is on the page, by place, and reports that there is more.
func (p Page) cut(all []replay.Change) ([]replay.Change, bool) {
	place := func(c replay.Change) string { return c.Session().JID().String() + " " + c.Session().ID.String() }
	all = slices.DeleteFunc(all, func(c replay.Change) bool { return place(c) <= p.After })
	slices.SortFunc(all, func(a, b replay.Change) int { return cmp.Compare(place(a), place(b)) })
	if len(all) <= p.Limit {
		return all, false
	}
	return all[:p.Limit], true
}

// findEnds finds out how sessions have ended where the records between the moments were
// too many to be read, and reports that it has left some out.
func (s *Source) findEnds(ctx context.Context, all []replay.Change) (cut bool, err error) {
	accounts := make(map[events.JID][]*replay.Change)
	for i := range all {
		c := &all[i]
		if c.After != nil || c.Ended != 0 {
			continue
		}
		account := c.Before.JID().Bare()
		if cut = len(accounts) == MaxEnds && accounts[account] == nil; cut {
			break
		}
		accounts[account] = append(accounts[account], c)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(historyReaders)
	for _, gone := range accounts {
		g.Go(func() error {
			for _, c := range gone { // this goroutine's
				if err := c.FindEnd(ctx, s.Archive.Log); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return cut, g.Wait()
}

// Session is the session as it was last in the two moments.
func (c *Change) Session() *query.Session { return cmp.Or(c.After, c.Before) }

func changeOf(c *replay.Change) Change {
	v := Change{Before: shown(c.Before, c.LostBefore), After: shown(c.After, c.LostAfter), Differences: []replay.Difference{}, Was: c.Before, Is: c.After}
	switch {
	case c.After == nil:
		v.Change, v.Reason, v.Text, v.By = Gone, string(c.Reason), c.Text, string(c.By)
		if c.Ended != 0 {
			v.Ended = query.Timestamp(c.Ended)
		}
	case c.Before == nil:
		v.Change = New
	default:
		v.Change, v.Differences = Changed, c.Differences()
	}
	return v
}

func shown(s *session.Session, lost bool) *query.Session {
	if s == nil {
		return nil
	}
	v := query.Of(s, lost)
	return &v
}

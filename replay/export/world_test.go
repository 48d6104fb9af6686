package export

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// A world is a log with a history whose records were stored by a clock of its own.
type world struct {
	*bustest.Log
	t     testing.TB
	now   time.Time
	times []time.Time // times[i] is when sequence i+1 was stored
	first events.Seq  // what was before it is forgotten
	pre   []*events.Stored
	prev  map[events.JID]events.Seq
	ids   uint64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return &world{
		Log: bustest.NewLog(), t: t, now: time.Date(2026, 11, 29, 17, 40, 0, 0, time.UTC), first: 1, prev: map[events.JID]events.Seq{},
	}
}

// Info implements events.Log.
func (w *world) Info(ctx context.Context) (events.Info, error) {
	i, err := w.Log.Info(ctx)
	if int(w.first) <= len(w.times) {
		i.FirstAt = w.times[w.first-1]
	}
	i.Now, i.First, i.Created = w.now, w.first, time.Unix(1764000000, 0)
	return i, err
}

// Read implements events.Log.
func (w *world) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for st, err := range w.Log.Read(ctx, events.Range{Account: r.Account, After: max(r.After, w.first-1), To: r.To}) {
			poison, _ := errors.AsType[*events.PoisonError](err)
			it := item{st: st, poison: poison}
			seq := it.seq()
			stored := w.times[seq-1]
			if stored.Before(r.Since) || !r.Until.IsZero() && !stored.Before(r.Until) {
				continue
			}
			if poison != nil {
				poison.At = stored.UnixNano()
			} else {
				st.At = stored.UnixNano()
			}
			if !yield(st, err) {
				return
			}
		}
	}
}

// pseudonyms are a function of the account.
type pseudonyms struct{}

// OfAll implements Pseudonyms.
func (pseudonyms) OfAll(_ context.Context, records []*events.Stored, who []names.Pseudonym) error {
	for i, st := range records {
		who[i] = whoIs(st.Account())
	}
	return nil
}

func whoIs(account events.JID) names.Pseudonym {
	sum := sha256.Sum256([]byte(account.String()))
	return names.Pseudonym(sum[:16])
}

// connections are what happened before there was an account.
type connections struct{ w *world }

// Info implements Pre.
func (c connections) Info(context.Context) (events.Info, error) {
	i := events.Info{Stream: "PRE", Created: time.Unix(1764000000, 0), Now: c.w.now}
	if n := len(c.w.pre); n > 0 {
		i.First, i.Last = c.w.pre[0].Seq, c.w.pre[n-1].Seq
	}
	return i, nil
}

// Read implements Pre.
func (c connections) Read(_ context.Context, since, until time.Time) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for _, st := range c.w.pre {
			if at := st.StoredAt(); !at.Before(since) && (until.IsZero() || at.Before(until)) && !yield(st, nil) {
				return
			}
		}
	}
}

// fail is a login that fails: two records that share a message.
func (w *world) fail(jid, username, address string) {
	w.later(time.Second)
	seq := events.Seq(1)
	if n := len(w.pre); n > 0 {
		seq = w.pre[n-1].Seq + 1
	}
	for part, e := range []events.Event{
		events.Connected{Address: address},
		events.AuthFailed{Username: username, Mechanism: "PLAIN", Condition: "not-authorized", Address: address},
	} {
		w.ids++
		w.pre = append(w.pre, &events.Stored{Record: events.Record{
			ID: events.EventID(w.id(w.ids)), JID: events.StoredJID(jid), Time: w.now.UnixNano(), Connector: events.Incarnation{Name: "c1", Epoch: 3},
			Cause: events.ConnID(w.id(1)), Event: e,
		}, Stream: "PRE", Seq: seq, Part: uint32(part), At: w.now.UnixNano()})
	}
}

// later lets time go by.
func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

var testKey = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

// id is that of the nth thing.
func (w *world) id(n uint64) (id events.ID) {
	id = events.NewID(w.now)
	clear(id[6:])
	binary.BigEndian.PutUint64(id[8:], n)
	return id
}

// append stores an event a second after the one before.
func (w *world) append(jid string, session events.SessionID, e events.Event) events.Seq {
	w.t.Helper()
	w.later(time.Second)
	w.ids++
	j := events.StoredJID(jid)
	p, err := w.Append(w.t.Context(), &events.Record{
		ID: events.EventID(w.id(w.ids)), Session: session, JID: j, Time: w.now.UnixNano(), Connector: events.Incarnation{Name: "c1", Epoch: 3},
		Cause: events.ConnID(w.id(1)), Prev: w.prev[j.Bare()], Event: e,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	w.prev[j.Bare()] = p.Seq
	w.times = append(w.times, w.now)
	return p.Seq
}

// poison stores what can't be decoded.
func (w *world) poison() {
	w.later(time.Second)
	w.Poison(events.StoredJID("u9@example.org"), []byte{0xc1})
	w.times = append(w.times, w.now)
}

// online logs a session in: three events.
func (w *world) online(account, resource string) events.SessionID {
	w.ids++
	s := events.SessionID(w.id(w.ids))
	w.append(account, s, events.Authenticated{
		Mechanism: "SCRAM-SHA-256", TLS: "TLS 1.3", Address: "192.0.2.77:5222", Agent: "Gajim 1.9.3, Anna's laptop, 4711",
	})
	w.append(account+"/"+resource, s, events.Bound{})
	w.append(account+"/"+resource, s, events.PresenceAvailable{Priority: 5, Show: "away", Stanza: "<presence><status>at Anna's</status></presence>"})
	return s
}

// run exports into a directory.
func (w *world) run(dir string, choices ...func(*Config)) *Result {
	w.t.Helper()
	r, err := w.try(w.t.Context(), w, dir, choices...)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) try(ctx context.Context, log events.Log, dir string, choices ...func(*Config)) (*Result, error) {
	c := Config{Dir: dir, Log: log, Key: testKey, Pseudonyms: pseudonyms{}, Pre: connections{w}}
	for _, choose := range choices {
		choose(&c)
	}
	return Run(ctx, c)
}

// contents are all files of a directory.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir+"/")] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// expectSame compares two directories.
func expectSame(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name := range want {
		if _, ok := got[name]; !ok {
			t.Errorf("%s is missing", name)
		} else if got[name] != want[name] {
			t.Errorf("%s is another", name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is too much", name)
		}
	}
}

// rows are those of all Parquet files whose path has a part, in the order of the paths.
func rows(t *testing.T, dir, part string) (all []map[string]any) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".parquet") || !strings.Contains(path, part) {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer f.Close()
		r := parquet.NewReader(f)
		for {
			row := map[string]any{}
			if err := r.Read(&row); errors.Is(err, io.EOF) {
				return r.Close()
			} else if err != nil {
				return err
			}
			all = append(all, row)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A cutLog ends with an error after some records.
type cutLog struct {
	events.Log
	after int
}

var errCut = errors.New("cut")

func (l cutLog) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		n := 0
		for st, err := range l.Log.Read(ctx, r) {
			if n++; n > l.after {
				yield(nil, errCut)
				return
			}
			if !yield(st, err) {
				return
			}
		}
	}
}

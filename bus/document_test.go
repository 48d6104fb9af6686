package bus_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
)

func put(t testing.TB, d *bus.Documents, account events.JID, data string, revision uint64) uint64 {
	t.Helper()
	rev, err := d.Put(within(t), account, []byte(data), revision)
	must(t, err)
	return rev
}

func TestADocumentChangesByCompareAndSet(t *testing.T) {
	t.Parallel()
	d := embedded(t).Rosters()
	ctx := within(t)
	if _, err := d.Get(ctx, alice); !errors.Is(err, events.ErrNotFound) {
		t.Errorf("get before put: %v", err)
	}
	first := put(t, d, alice, "one", 0)
	second := put(t, d, alice, "two", first)
	for _, stale := range []uint64{0, first, second + 1} {
		if _, err := d.Put(ctx, alice, []byte("no"), stale); !errors.Is(err, events.ErrConflict) {
			t.Errorf("put at revision %d: %v", stale, err)
		}
	}
	doc, err := d.Get(ctx, alice)
	must(t, err)
	if doc.JID != alice || string(doc.Data) != "two" || doc.Revision != second || doc.At.IsZero() {
		t.Errorf("got %+v", doc)
	}
	if _, err := d.Put(ctx, alice, make([]byte, events.MaxDocument+1), second); !errors.Is(err, events.ErrTooLarge) {
		t.Errorf("put of a byte too many: %v", err)
	}
}

func TestTheLargestDocumentFits(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t) // with the limits that any NATS has
	d := connect(t, bus.Config{URL: server.URL}).Rosters()
	part := strings.Repeat("\u00fc", 511) // a part of a JID has at most 1023 bytes
	jid := events.StoredJID(part + "@" + part)
	data := bytes.Repeat([]byte("x"), events.MaxDocument)
	rev, err := d.Put(within(t), jid, data, 0)
	must(t, err)
	doc, err := d.Get(within(t), jid)
	must(t, err)
	if doc.JID != jid || doc.Revision != rev || !bytes.Equal(doc.Data, data) {
		t.Errorf("%d bytes of %.40s came back", len(doc.Data), doc.JID)
	}
	for doc, err := range d.All(within(t)) {
		must(t, err)
		if !bytes.Equal(doc.Data, data) {
			t.Errorf("%d bytes are listed", len(doc.Data))
		}
	}
}

func TestAServerOfSmallMessagesIsRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "nats.conf")
	must(t, os.WriteFile(file, fmt.Appendf(nil, "max_payload: %d", events.MaxDocument), 0o644))
	server := bustest.StartServer(t, "-c", file)
	if _, err := bus.Connect(within(t), bus.Config{URL: server.URL}); !errors.Is(err, bus.ErrMaxPayload) {
		t.Errorf("connected to it: %v", err)
	}
}

func TestADeletedDocumentCanBeMadeAgain(t *testing.T) {
	t.Parallel()
	d := embedded(t).Accounts()
	ctx := within(t)
	rev := put(t, d, alice, "one", 0)
	if err := d.Delete(ctx, alice, rev+7); !errors.Is(err, events.ErrConflict) {
		t.Errorf("delete of a stale revision: %v", err)
	}
	must(t, d.Delete(ctx, alice, rev))
	if _, err := d.Get(ctx, alice); !errors.Is(err, events.ErrNotFound) {
		t.Errorf("get after delete: %v", err)
	}
	if _, err := d.Put(ctx, alice, []byte("no"), rev); !errors.Is(err, events.ErrConflict) {
		t.Errorf("put at the revision before: %v", err)
	}
	if again := put(t, d, alice, "two", 0); again <= rev {
		t.Errorf("revision %d after %d", again, rev)
	}
}

func TestBucketsAreApart(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	put(t, b.Accounts(), alice, "account", 0)
	put(t, b.Rosters(), alice, "roster", 0)
	doc, err := b.Accounts().Get(within(t), alice)
	must(t, err)
	if string(doc.Data) != "account" {
		t.Errorf("got %q", doc.Data)
	}
}

// documents gives n documents of as many accounts.
func documents(n int) iter.Seq[events.Document] {
	return func(yield func(events.Document) bool) {
		for i := range n {
			if !yield(events.Document{JID: user(i), Data: []byte(fmt.Sprint("data of ", i))}) {
				return
			}
		}
	}
}

func user(i int) events.JID { return events.StoredJID(fmt.Sprintf("user%d@example.org", i)) }

func TestManyDocumentsArePutAndListed(t *testing.T) {
	t.Parallel()
	d := embedded(t).Accounts()
	ctx := within(t)
	const n = 3000
	taken := put(t, d, user(7), "taken", 0)
	gone := put(t, d, user(8), "gone", 0)
	must(t, d.Delete(ctx, user(8), gone))

	i := 0
	for doc, err := range d.PutAll(ctx, documents(n)) {
		if doc.JID != user(i) {
			t.Fatalf("result %d is of %s", i, doc.JID)
		}
		switch {
		case i == 7 && !errors.Is(err, events.ErrConflict):
			t.Errorf("put of what is there: %v", err)
		case i != 7 && (err != nil || doc.Revision <= taken):
			t.Errorf("put %d: revision %d, %v", i, doc.Revision, err)
		}
		i++
	}
	all := make(map[events.JID]string)
	for doc, err := range d.All(ctx) {
		must(t, err)
		all[doc.JID] = string(doc.Data)
	}
	if i != n || len(all) != n || all[user(7)] != "taken" || all[user(8)] != "data of 8" {
		t.Errorf("%d results, %d documents, %q, %q", i, len(all), all[user(7)], all[user(8)])
	}
	for range d.PutAll(ctx, documents(n)) {
		break // what is under way stays so
	}
}

func TestAWatchGoesOnAfterItsServerWasKilled(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	ctx := within(t)
	d := connect(t, bus.Config{URL: server.URL}).Rosters()
	before := put(t, d, alice, "before", 0)
	last, err := d.Last(ctx)
	must(t, err)
	if last != before {
		t.Errorf("last revision %d, want %d", last, before)
	}
	next, stop := iter.Pull2(d.Watch(ctx, last))
	defer stop()
	want := func(jid events.JID, data string, deleted bool) uint64 {
		t.Helper()
		for {
			doc, err, ok := next()
			if !ok {
				t.Fatal("the watch ended")
			}
			if errors.Is(err, events.ErrUnavailable) {
				continue
			}
			must(t, err)
			if doc.JID != jid || string(doc.Data) != data || doc.Deleted != deleted {
				t.Fatalf("watched %+v, want %s %q", doc, jid, data)
			}
			return doc.Revision
		}
	}
	rev := put(t, d, alice, "one", before)
	want(alice, "one", false)
	server.Kill()
	server.Start()
	for {
		if rev, err = d.Put(ctx, alice, []byte("two"), rev); err == nil {
			break
		}
		if !errors.Is(err, events.ErrUnavailable) {
			t.Fatal(err)
		}
		rev, err = last+1, nil
	}
	want(alice, "two", false)
	must(t, d.Delete(ctx, alice, rev))
	want(alice, "", true)
}

func TestWatchFromTheBeginningGivesTheNewestOfEach(t *testing.T) {
	t.Parallel()
	d := embedded(t).Rosters()
	put(t, d, alice, "new", put(t, d, alice, "old", 0))
	put(t, d, bob, "bob's", 0)
	var got []string
	for doc, err := range d.Watch(within(t), 0) {
		must(t, err)
		if got = append(got, string(doc.Data)); len(got) == 2 {
			break
		}
	}
	if !slices.Equal(got, []string{"new", "bob's"}) {
		t.Errorf("watched %q", got)
	}
}

func TestDocumentsAreAKeyValueBucketToOthers(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	d := connect(t, bus.Config{URL: server.URL}).Rosters()
	jid, err := events.ParseJID("jürgen@example.org")
	must(t, err)
	rev := put(t, d, jid, "his roster", 0)
	_, js := raw(t, server.URL)
	kv, err := js.KeyValue(within(t), "RC_ROSTERS")
	must(t, err)
	e, err := kv.Get(within(t), "example_2eorg.j_c3_bcrgen")
	must(t, err)
	if e.Revision() != rev || !bytes.HasSuffix(e.Value(), []byte("jürgen@example.orghis roster")) {
		t.Errorf("revision %d: %q", e.Revision(), e.Value())
	}
	_, err = kv.Put(within(t), "stranger", []byte("?"))
	must(t, err)
	n := 0
	for _, err := range d.All(within(t)) {
		if n++; n == 2 && err == nil {
			t.Error("a stranger's value is a document")
		}
	}
}

// A document that is put for a time is gone after it, and one that replaces it stays.
func TestADocumentThatIsPutForATimeGoes(t *testing.T) {
	t.Parallel()
	d := embedded(t).Names()
	ctx := within(t)
	_, err := d.PutFor(ctx, alice, []byte("passes"), 0, time.Second)
	must(t, err)
	rev, err := d.PutFor(ctx, bob, []byte("is replaced"), 0, time.Second)
	must(t, err)
	put(t, d, bob, "stays", rev)
	for !errors.Is(err, events.ErrNotFound) && ctx.Err() == nil {
		_, err = d.Get(ctx, alice)
	}
	must(t, ctx.Err())
	put(t, d, alice, "anew", 0)
	if doc, err := d.Get(ctx, bob); err != nil || string(doc.Data) != "stays" {
		t.Errorf("%q is left, %v", doc.Data, err)
	}
}

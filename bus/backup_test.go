package bus_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/backup"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// backUp makes a backup.
func backUp(t testing.TB, b *bus.Bus) *backup.Backup {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "backup")
	w, err := backup.Create(dir)
	must(t, err)
	defer w.Abort()
	_, err = b.Backup(t.Context(), w, bus.BackupConfig{Version: "v1"})
	must(t, err)
	from, err := backup.Open(dir)
	must(t, err)
	must(t, from.Check(t.Context(), nil))
	return from
}

// A stored message is all of it but where it is.
type storedMessage struct {
	subject, header, data string
	at                    int64
}

// everything is what the streams of a NATS hold, by stream and sequence.
func everything(t testing.TB, url string, opts ...nats.Option) map[string]map[uint64]storedMessage {
	t.Helper()
	_, js := raw(t, url, opts...)
	all := make(map[string]map[uint64]storedMessage)
	for name := range js.StreamNames(within(t)).Name() {
		all[name] = contents(t, js, name)
	}
	return all
}

func contents(t testing.TB, js jetstream.JetStream, name string) map[uint64]storedMessage {
	t.Helper()
	s, err := js.Stream(within(t), name)
	must(t, err)
	all := make(map[uint64]storedMessage)
	for seq := uint64(1); ; {
		m, err := s.GetMsg(within(t), seq, jetstream.WithGetMsgSubject(">"))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return all
		}
		must(t, err)
		h := new(bytes.Buffer)
		for _, k := range slices.Sorted(maps.Keys(m.Header)) {
			fmt.Fprintf(h, "%s: %q\n", k, m.Header[k])
		}
		all[m.Sequence] = storedMessage{m.Subject, h.String(), string(m.Data), m.Time.UnixNano()}
		seq = m.Sequence + 1
	}
}

// same compares what two NATS hold, but for leases, which nobody holds of a restored
// service, and for the mark at the end of each restored bucket.
func same(t testing.TB, got, want map[string]map[uint64]storedMessage) {
	t.Helper()
	if len(got) != len(want) || len(got["RC_LEASE"]) > 0 {
		t.Errorf("there are %d streams, not %d, and the leases %v", len(got), len(want), got["RC_LEASE"])
	}
	for name := range want {
		for _, all := range []map[uint64]storedMessage{got[name], want[name]} {
			maps.DeleteFunc(all, func(_ uint64, m storedMessage) bool {
				return strings.HasSuffix(m.subject, ".restored_2erollcall_2einvalid._")
			})
		}
		if name != "RC_LEASE" && !maps.Equal(got[name], want[name]) {
			t.Errorf("%s has %d messages, not %d:\n%v", name, len(got[name]), len(want[name]), got[name])
		}
	}
}

// somethingOfEach stores in every stream, some of it replaced or removed again.
func somethingOfEach(t testing.TB, b *bus.Bus) {
	t.Helper()
	ctx := within(t)
	for i := range 40 {
		j := user(i % 10)
		last := events.Seq(0)
		if st, err := b.Log().Last(ctx, j); err == nil {
			last = st.Seq
		}
		_, err := b.Log().Append(ctx, record(j, last, fmt.Sprint(i)))
		must(t, err)
	}
	for n, d := range []*bus.Documents{b.Accounts(), b.Rosters(), b.Blocked(), b.Private(), b.Names(), b.Bans()} {
		for i := range 10 {
			rev := put(t, d, user(i), fmt.Sprintf("first %d", n), 0)
			if i%3 == 0 {
				rev = put(t, d, user(i), strings.Repeat("second ", 1000*n), rev)
			}
			if i == 3 {
				must(t, d.Delete(ctx, user(i), rev))
			}
		}
	}
	for i := range 5 {
		must(t, b.Waiting().Store(ctx, user(i), []byte("hello")))
	}
	acquire(t, b, "c1", "i1")
}

func TestARestoredServiceHasWhatWasBackedUp(t *testing.T) {
	t.Parallel()
	old := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: old.URL(), Credentials: keyOf(old), MaxBytes: 300 << 20, MaxAge: time.Hour})
	somethingOfEach(t, b)
	want := everything(t, old.URL(), old.Login()) // before the lease is renewed once more
	from := backUp(t, b)
	lease := slices.Max(slices.Collect(maps.Keys(want["RC_LEASE"])))

	fresh := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	done, err := bus.Restore(t.Context(), bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh)}, from, nil)
	must(t, err)
	if done.Streams != 14 || done.Messages == 0 || !done.Forgets.IsZero() || done.Replicas != 1 {
		t.Errorf("%+v", done)
	}
	same(t, everything(t, fresh.URL(), fresh.Login()), want)
	restored := connect(t, bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh), Existing: true})
	info, err := restored.Log().Info(t.Context())
	must(t, err)
	if info.MaxAge != time.Hour || info.Last != 40 {
		t.Errorf("the log is %+v", info)
	}
	// Whoever waits for the newest change of all sees it come by.
	last, err := restored.Rosters().Last(t.Context())
	must(t, err)
	seen := uint64(0)
	for doc, err := range restored.Rosters().Watch(within(t), 0) {
		must(t, err)
		if seen = doc.Revision; seen == last {
			break
		}
	}
	if seen != last {
		t.Errorf("the last change that comes is %d, not %d", seen, last)
	}
	// New sequences are beyond those that the other service may have given out since.
	if rev := put(t, restored.Rosters(), user(99), "new", 0); rev < 1<<20 {
		t.Errorf("a roster has version %d", rev)
	}
	if epoch := acquire(t, restored, "c1", "i1").Incarnation().Epoch; epoch <= lease+1<<32-1 {
		t.Errorf("epoch %d comes after %d", epoch, lease)
	}
	_, err = restored.Log().Append(t.Context(), record(user(1), 32, "next"))
	must(t, err)
}

// The list of the streams that are backed up and that of those that are made
// are two. A stream that belongs to one creation of the log, and can be made
// from it, is not copied.
func TestEveryStreamIsInABackup(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	from := backUp(t, connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)}))
	_, js := raw(t, s.URL(), s.Login())
	for name := range js.StreamNames(within(t)).Name() {
		if from.Stream(name) == nil && name != "RC_KEYFRAMES" {
			t.Errorf("%s is not in it", name)
		}
	}
}

// A document that is replaced while its bucket is copied is neither where it was nor before the
// copy's end. The copy is the bucket as it was at one moment all the same: of every
// document it has a version that was there when the backup had begun, or a newer one,
// and of two that were written one after the other never the later one without the
// earlier.
func TestDocumentsThatChangeWhileTheyAreCopiedAreInTheBackup(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	const accounts = 300
	noise := make([]byte, 40<<10)
	rand.NewChaCha8([32]byte{}).Read(noise)
	text := func(version int) string { return fmt.Sprintf("%08d", version) + string(noise) }
	revs := make([]uint64, accounts)
	for i := range accounts {
		revs[i] = put(t, b.Rosters(), user(i), text(1), 0)
	}
	ctx, stop := context.WithCancel(t.Context())
	var writers sync.WaitGroup
	writers.Go(func() { // in rounds, one document after the other
		for version := 2; ctx.Err() == nil; version++ {
			for i := range accounts {
				rev, err := b.Rosters().Put(t.Context(), user(i), []byte(text(version)), revs[i])
				if err != nil {
					t.Errorf("write: %v", err)
					return
				}
				revs[i] = rev
			}
		}
	})
	from := backUp(t, b)
	stop()
	writers.Wait()
	fresh := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	_, err := bus.Restore(t.Context(), bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh)}, from, nil)
	must(t, err)
	restored := connect(t, bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh)})
	before := 0
	for i := range accounts {
		doc, err := restored.Rosters().Get(t.Context(), user(i))
		if err != nil {
			t.Errorf("document %d of %d: %v", i, accounts, err)
			continue
		}
		var version int
		fmt.Sscanf(string(doc.Data[:8]), "%d", &version)
		if i > 0 && version != before && version != before-1 {
			t.Errorf("document %d has version %d behind %d", i, version, before)
		}
		before = version
	}
	if from.Stream("KV_RC_ROSTERS").Changes.Size < 40<<10 {
		t.Error("nothing changed while the backup was made")
	}
}

// A document that is replaced between the two moments at which the end was asked for and
// its own turn came is read in the next round.
func TestNoChangeIsMissedWhileChangesAreRead(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	const accounts = 60 // of more than is on its way at once
	large := strings.Repeat("x", 400<<10)
	var revs [accounts]uint64
	for i := range accounts {
		revs[i] = put(t, b.Private(), user(i), large, 0)
	}
	newest := make(map[events.JID]uint64)
	replaced := uint64(0)
	last, err := b.Private().Changes(t.Context(), 0, func(doc events.Document) {
		if replaced == 0 {
			replaced = put(t, b.Private(), user(accounts-1), "new", revs[accounts-1])
		}
		newest[doc.JID] = doc.Revision
	})
	must(t, err)
	if len(newest) != accounts || newest[user(accounts-1)] != replaced || last != replaced {
		t.Errorf("%d documents up to %d, the replaced one at %d of %d", len(newest), last, newest[user(accounts-1)], replaced)
	}
}

// Of an account that is removed meanwhile the copy may have one document and not
// another. Its credentials go first, and its event comes later, so that one of them tells.
func TestABackupNotesWhoWasRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	before := put(t, b.Accounts(), user(0), "keys", 0)
	must(t, b.Accounts().Delete(t.Context(), user(0), before)) // and not meanwhile
	keys := put(t, b.Accounts(), alice, "keys", 0)
	put(t, b.Rosters(), alice, "contacts", 0)
	_, err := b.Log().Append(t.Context(), record(bob, 0, "before"))
	must(t, err)
	dir := filepath.Join(t.TempDir(), "backup")
	w, err := backup.Create(dir)
	must(t, err)
	removal := record(bob, 1, "")
	removal.Event = events.AccountRemoved{}
	m, err := b.Backup(t.Context(), w, bus.BackupConfig{Progress: func(stream string, _, _ uint64) {
		switch stream {
		case "RC_EV":
			_, err := b.Log().Append(t.Context(), removal)
			must(t, err)
		case "KV_RC_ROSTERS":
			must(t, b.Accounts().Delete(t.Context(), alice, keys))
		}
	}})
	must(t, err)
	if want := []string{alice.String(), bob.String()}; !slices.Equal(m.Removed, want) || m.Stream("RC_EV").Last != 1 {
		t.Errorf("removed %q, want %q; the log ends at %d", m.Removed, want, m.Stream("RC_EV").Last)
	}
}

func TestARestoreNeedsAnEmptyService(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	put(t, b.Accounts(), alice, "keys", 0)
	from := backUp(t, b)
	_, err := bus.Restore(t.Context(), bus.Config{URL: s.URL(), Credentials: keyOf(s)}, from, nil)
	if !errors.Is(err, bus.ErrNotEmpty) || !strings.Contains(err.Error(), "RC_EV") || !strings.Contains(err.Error(), "KV_RC_ACCOUNTS") {
		t.Errorf("%v", err)
	}
	if _, err := b.Accounts().Get(t.Context(), alice); err != nil {
		t.Errorf("what was there: %v", err)
	}
}

// harmed is a backup with a file that was harmed after it was checked.
func harmed(t *testing.T, b *bus.Bus, stream string, harm func(path string) error) *backup.Backup {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "backup")
	w, err := backup.Create(dir)
	must(t, err)
	_, err = b.Backup(t.Context(), w, bus.BackupConfig{Version: "v1"})
	must(t, err)
	from, err := backup.Open(dir)
	must(t, err)
	must(t, harm(filepath.Join(dir, stream)))
	return from
}

func TestARestoreThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	somethingOfEach(t, b)
	truncated := func(path string) error { return os.Truncate(path, 200) }
	for _, stream := range []string{"RC_EV", "KV_RC_ACCOUNTS"} {
		fresh := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
		begun := time.Now()
		if _, err := bus.Restore(t.Context(), bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh)}, harmed(t, b, stream, truncated), nil); err == nil || !strings.Contains(err.Error(), stream) {
			t.Errorf("%s: %v", stream, err)
		}
		if d := time.Since(begun); d > 10*time.Second {
			t.Errorf("%s: it took %s", stream, d)
		}
		if left := everything(t, fresh.URL(), fresh.Login()); len(left) > 0 {
			t.Errorf("%s: there is %v", stream, slices.Collect(maps.Keys(left)))
		}
		if _, err := bus.Restore(t.Context(), bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh)}, backUp(t, b), nil); err != nil {
			t.Errorf("%s, once more: %v", stream, err)
		}
	}
}

// A restore that was killed leaves streams that nobody uses, and that the next one
// removes.
func TestAnInterruptedRestoreIsDoneAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	somethingOfEach(t, b)
	from := backUp(t, b)
	fresh := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	reached := make(chan struct{})
	ctx, goOn := context.WithCancel(t.Context())
	var first sync.WaitGroup
	first.Go(func() {
		stand := sync.OnceFunc(func() { close(reached); <-ctx.Done() }) // still, as one that was killed does
		_, err := bus.Restore(t.Context(), bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh)}, from, func(stream string, _, _ int64) {
			if stream == "KV_RC_ROSTERS" {
				stand()
			}
		})
		if err == nil {
			t.Error("a restore whose streams were removed has succeeded")
		}
	})
	<-reached
	for _, existing := range []bool{false, true} {
		if _, err := bus.Connect(t.Context(), bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh), Existing: existing}); !errors.Is(err, bus.ErrRestoring) {
			t.Errorf("meanwhile: %v", err)
		}
	}
	_, err := bus.Restore(t.Context(), bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh)}, from, nil)
	goOn()
	first.Wait() // and has not removed what is another's
	must(t, err)
	connect(t, bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh), Existing: true})
	same(t, everything(t, fresh.URL(), fresh.Login()), everything(t, s.URL(), s.Login()))
}

func TestABackupOfOtherStreamsIsRefused(t *testing.T) {
	t.Parallel()
	b := embedded(t)
	fresh := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	for name, change := range map[string]func(*backup.Manifest){
		"a stream RC_NEW": func(m *backup.Manifest) {
			m.Streams = append(m.Streams, backup.Stream{Name: "RC_NEW", Snapshot: &backup.File{}})
		},
		"no stream RC_EV": func(m *backup.Manifest) { m.Streams = slices.Delete(m.Streams, 1, 2) },
		"number of shards": func(m *backup.Manifest) {
			m.Streams[1].Config = bytes.Replace(m.Streams[1].Config, []byte(`shards": "1"`), []byte(`shards": "4"`), 1)
		},
	} {
		from := backUp(t, b)
		change(&from.Manifest)
		if _, err := bus.Restore(t.Context(), bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh)}, from, nil); !errors.Is(err, bus.ErrForeign) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if left := everything(t, fresh.URL(), fresh.Login()); len(left) > 0 {
		t.Errorf("there is %v", left)
	}
}

// The log would forget all of it at once.
func TestABackupThatIsTooOldNeedsAnotherAge(t *testing.T) {
	t.Parallel()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: s.URL(), Credentials: keyOf(s)})
	_, err := b.Log().Append(t.Context(), record(alice, 0, "old"))
	must(t, err)
	from := backUp(t, b)
	var c jetstream.StreamConfig
	must(t, json.Unmarshal(from.Stream("RC_EV").Config, &c))
	c.MaxAge, c.Duplicates = 300*time.Millisecond, 100*time.Millisecond
	from.Stream("RC_EV").Config, err = json.Marshal(c)
	must(t, err)
	for time.Since(from.Finished) <= c.MaxAge {
		_, err := b.Log().Info(t.Context())
		must(t, err)
	}
	fresh := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	if _, err := bus.Restore(t.Context(), bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh)}, from, nil); !errors.Is(err, bus.ErrTooOld) {
		t.Errorf("%v", err)
	}
	if left := everything(t, fresh.URL(), fresh.Login()); len(left) > 0 {
		t.Errorf("there is %v", left)
	}
	_, err = bus.Restore(t.Context(), bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh), MaxAge: -1}, from, nil)
	must(t, err)
	restored := connect(t, bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh), Existing: true})
	info, err := restored.Log().Info(t.Context())
	if must(t, err); info.Records != 1 || info.MaxAge != 0 {
		t.Errorf("the log is %+v", info)
	}
}

func TestABackupEndsWhenItsServerIsGone(t *testing.T) {
	t.Parallel()
	server := bustest.StartServer(t)
	b := connect(t, bus.Config{URL: server.URL})
	for i := range 400 {
		put(t, b.Private(), user(i), strings.Repeat(fmt.Sprint(i), 50<<10), 0)
	}
	dir := filepath.Join(t.TempDir(), "backup")
	w, err := backup.Create(dir)
	must(t, err)
	killed := false
	_, err = b.Backup(within(t), w, bus.BackupConfig{Hurry: true, Progress: func(stream string, n, _ uint64) {
		if stream == "KV_RC_PRIVATE" && n == 50 && !killed {
			killed = true
			server.Kill()
		}
	}})
	if !errors.Is(err, events.ErrUnavailable) || !killed {
		t.Errorf("%v", err)
	}
	w.Abort()
	if left, _ := os.ReadDir(filepath.Dir(dir)); len(left) > 0 {
		t.Errorf("there is %v", left)
	}
}

// A backup of a build that had no pseudonyms makes a service that has none yet.
func TestABackupWithoutYoungerStreamsIsRestored(t *testing.T) {
	t.Parallel()
	old := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	b := connect(t, bus.Config{URL: old.URL(), Credentials: keyOf(old)})
	somethingOfEach(t, b)
	from := backUp(t, b)
	from.Streams = slices.DeleteFunc(from.Streams, func(s backup.Stream) bool { return s.Name == "KV_RC_NAMES" })
	fresh := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	_, err := bus.Restore(t.Context(), bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh)}, from, nil)
	must(t, err)
	put(t, connect(t, bus.Config{URL: fresh.URL(), Credentials: keyOf(fresh), Existing: true}).Names(), user(0), "first", 0)
}

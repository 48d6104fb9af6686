package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus/archive"
	"github.com/rollcall-xmpp/rollcall/bus/backup"
	"github.com/rollcall-xmpp/rollcall/events"
)

// snapshots are the streams of a backup in the order in which they are taken. It
// makes the whole consistent; see Backup.
var snapshots = []string{
	preStream, logStream, waitingStream, auditStream, bucketStream(namesBucket), bucketStream(tokensBucket), bucketStream(serviceBucket), bucketStream(bansBucket),
	bucketStream(rostersBucket), bucketStream(blockedBucket), bucketStream(privateBucket), bucketStream(accountsBucket),
}

// younger are those of them that backups of earlier builds do not have; a restore makes
// them empty.
var younger = []string{bucketStream(namesBucket), bucketStream(tokensBucket), bucketStream(serviceBucket), bucketStream(bansBucket), auditStream}

// changing are those of them whose messages are replaced by newer ones.
var changing = snapshots[4:]

// A BackupConfig says how a backup is made.
type BackupConfig struct {
	Version string // of this build, for the manifest
	// Hurry takes of the machine what there is. Otherwise the server may rest for
	// three quarters of the time.
	Hurry bool
	// Progress, if not nil, is told how many messages of a stream are copied; the total
	// is a guess.
	Progress func(stream string, done, total uint64)
}

// Backup copies everything that is stored into w, from a service that goes on
// meanwhile, and completes it. An error means that there is no backup; it wraps
// events.ErrUnavailable if the same may succeed later.
//
// # What belongs together
//
// JetStream copies one stream after the other, so each copy is of another moment.
// The log's is what the stream was at one sequence, for nothing in it is replaced.
// A bucket's snapshot lacks whatever is replaced while it is taken, the old because it
// has gone, the new because it is beyond the snapshot's end. So what was stored since
// is read after it, in rounds, until in one of them nothing was replaced while it was
// read: snapshot and rounds together are the bucket exactly as it was when that round
// began. Between the streams the order sees to it that none has an effect whose cause
// another lacks:
//
//   - The log comes before the documents. Whoever changes a password, makes or removes
//     an account writes the credentials first, and the event about it afterwards. So
//     to each event in the copy there are its credentials; the documents may be some
//     moments newer than the log. That is what a process leaves that is killed between
//     the two writes: a login with the new password, without an event of its change. The
//     other way round a password that was acknowledged would be refused, and an account
//     that was removed would be back.
//   - Rosters are one bucket, so that the two of a subscription are of one moment, with
//     no watcher who was not granted it (docs/design.md).
//   - The credentials come last. Removing an account takes them away first, and what
//     else is kept of it afterwards. An account that has its credentials in the copy
//     has all of it; one that has lost them while the backup was made may have left
//     documents there, which would be its successor's of the same name. Manifest.Removed
//     names these, and a restore removes the rest.
//   - Messages that wait come after the log: they are there until they are delivered.
//     One that is delivered while the copy is made may be in it, and comes once more
//     after a restore; one that came during the copy may be missing, like all that
//     came after it.
//   - Leases are not copied: no process holds one of the restored service. Only the
//     last sequence is, after the log, so that it is beyond every epoch in it, and
//     epochs go on from there.
//   - Keyframes are not copied. They belong to one creation of the log, and a restored
//     stream has another (the server does not keep it); they can be made from the log.
//   - Pseudonyms come before the credentials and after the log, so that those of whoever is in the log
//     are in the copy, with the names that they stand for: what is erased later is still in it.
//   - RC_PRE and what is on its way between processes promise nothing.
func (b *Bus) Backup(ctx context.Context, w *backup.Writer, cfg BackupConfig) (*backup.Manifest, error) {
	if cfg.Progress == nil {
		cfg.Progress = func(string, uint64, uint64) {}
	}
	t := &taking{BackupConfig: cfg, b: b, w: w, begun: make(map[string]uint64), removed: make(map[string]bool)}
	m := &backup.Manifest{Version: cfg.Version, Server: b.nc.ConnectedServerVersion()}
	if err := t.begin(ctx, m); err != nil {
		return nil, err
	}
	for _, name := range snapshots {
		if err := t.take(ctx, m, name); err != nil {
			return nil, fmt.Errorf("back up %s: %w", name, err)
		}
	}
	if err := t.end(ctx, m); err != nil {
		return nil, err
	}
	return m, w.Complete(m)
}

// taking is one call of Backup.
type taking struct {
	BackupConfig
	b       *Bus
	w       *backup.Writer
	begun   map[string]uint64 // last sequence of each stream at the beginning
	removed map[string]bool   // accounts whose removal was seen
}

// begin notes where every stream ends.
func (t *taking) begin(ctx context.Context, m *backup.Manifest) error {
	for _, name := range snapshots {
		info, err := t.b.info(ctx, name)
		if err != nil {
			return fmt.Errorf("stream %s: %w", name, err)
		}
		t.begun[name] = info.State.Last
		if m.Started.IsZero() {
			m.Started = info.Now
		}
	}
	return nil
}

// take copies one stream.
func (t *taking) take(ctx context.Context, m *backup.Manifest, name string) error {
	before, err := t.b.info(ctx, name)
	if err != nil {
		return err
	}
	f, err := t.w.File(name)
	if err != nil {
		return err
	}
	info, err := t.b.snapshot(ctx, name, f, t.Hurry, func(n uint64) { t.Progress(name, n, max(n, before.State.Messages)) })
	file, closeErr := f.Close()
	if err := errors.Join(err, closeErr); err != nil {
		return err
	}
	s := backup.Stream{
		Name: name, Config: info.Config, Created: before.Created, First: info.State.First, Last: info.State.Last,
		Messages: info.messages, Bytes: info.State.Bytes, Oldest: info.oldest, Snapshot: file,
	}
	after, err := t.b.info(ctx, name)
	switch {
	case err != nil:
		return err
	case !after.Created.Equal(before.Created):
		return fmt.Errorf("%w: it was made anew meanwhile", events.ErrRewound)
	}
	if slices.Contains(changing, name) {
		if err := t.takeChanges(ctx, &s); err != nil {
			return err
		}
	}
	m.Streams = append(m.Streams, s)
	return nil
}

// takeChanges copies what was stored in a bucket since the backup began.
func (t *taking) takeChanges(ctx context.Context, s *backup.Stream) error {
	f, err := t.w.File(s.Name + ".changes")
	if err != nil {
		return err
	}
	last, err := t.writeChanges(ctx, f, s)
	file, closeErr := f.Close()
	if err := errors.Join(err, closeErr); err != nil {
		return err
	}
	s.Last, s.Changes = last, file
	return nil
}

func (t *taking) writeChanges(ctx context.Context, f *backup.FileWriter, s *backup.Stream) (last uint64, err error) {
	a, err := archive.NewWriter(f, archive.State{First: s.Last + 1, Last: s.Last})
	if err != nil {
		return 0, err
	}
	last, err = t.b.changes(ctx, s.Name, t.begun[s.Name], func(d *delivery) error {
		if s.Name == bucketStream(accountsBucket) && isTombstone(d.msg.Header) {
			if doc, err := d.document(); err == nil {
				t.removed[doc.JID.String()] = true
			}
		}
		if d.seq <= s.Last {
			return nil // the snapshot has it
		}
		return a.Write(&archive.Message{Subject: d.msg.Subject, Seq: d.seq, At: d.at, Header: encodeHeader(d.msg.Header), Data: d.msg.Data})
	})
	return last, errors.Join(err, a.Close())
}

// changes gives what is stored after a sequence, in rounds, until one in which every
// message was still there when it was read. It returns where that round ended.
//
// Why that is enough: take any key, and its newest message at the moment when the end
// of the last round was asked for. If that message belongs to the last round it was
// given, as were all of that round. If it belongs to an earlier one, or is older than
// all of them, it was never replaced up to that moment, which is after that round was
// read, and after the snapshot. So it was given, or is in the snapshot.
func (b *Bus) changes(ctx context.Context, stream string, after uint64, give func(*delivery) error) (last uint64, err error) {
	for {
		end, err := b.newest(ctx, stream, "")
		if err != nil || end.seq <= after {
			return after, err
		}
		n := uint64(0)
		t := &tail{b: b, stream: stream, after: after}
		for d, err := range t.all(ctx, end.seq) {
			if err == nil && d.seq > end.seq {
				break // the end itself was replaced
			}
			if err == nil {
				n++
				err = give(&d)
			}
			if err != nil {
				return after, err
			}
		}
		if err := ctx.Err(); err != nil {
			return after, err
		}
		if n == end.seq-after {
			return end.seq, nil
		}
		after = end.seq
	}
}

// end notes what goes on beyond the copies.
func (t *taking) end(ctx context.Context, m *backup.Manifest) error {
	lease, err := t.b.info(ctx, leaseStream)
	if err != nil {
		return fmt.Errorf("stream %s: %w", leaseStream, err)
	}
	m.Streams = append(m.Streams, backup.Stream{Name: leaseStream, Created: lease.Created, First: lease.State.First, Last: lease.State.Last})
	log := m.Stream(logStream)
	for st, err := range t.b.Log().Read(ctx, events.Range{After: events.Seq(log.Last)}) {
		switch {
		case events.IsPoison(err):
		case err != nil:
			return fmt.Errorf("see who was removed meanwhile: %w", err)
		case st.Event.Kind() == events.KindAccountRemoved:
			t.removed[st.JID.Bare().String()] = true
		}
	}
	for account := range t.removed {
		m.Removed = append(m.Removed, account)
	}
	slices.Sort(m.Removed)
	m.Finished = lease.Now
	return ctx.Err()
}

// encodeHeader writes headers as they are on the wire; nil for none.
func encodeHeader(h nats.Header) []byte {
	if len(h) == 0 {
		return nil
	}
	b := []byte("NATS/1.0\r\n")
	for _, key := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[key] {
			b = fmt.Appendf(b, "%s: %s\r\n", key, value)
		}
	}
	return append(b, "\r\n"...)
}

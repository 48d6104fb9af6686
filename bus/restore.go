package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus/backup"
	"github.com/rollcall-xmpp/rollcall/events"
)

// Errors of Restore.
var (
	// ErrNotEmpty: the service that is to be restored has something already.
	ErrNotEmpty = errors.New("streams are there already; restore into an empty NATS, or remove them first")
	// ErrForeign: the backup has what this build does not know, or lacks what it needs.
	ErrForeign = errors.New("not a backup of this version's streams")
	// ErrTooOld: the log would forget all of it at once.
	ErrTooOld = errors.New("the backup is older than what its log keeps; give the log another age")
	// ErrLeft: what was made before a failure could not be removed.
	ErrLeft = errors.New("remove what was made, or restore again, before anything uses it")
)

// restoringKey marks, in the metadata of a stream, that its restore is not over.
// Nobody uses such a stream; see ErrRestoring.
const restoringKey = "rollcall.restoring"

const (
	restoreChunk   = 256 << 10        // bytes a message
	restoreWindow  = 16               // chunks on their way
	restoreAttempt = 30 * time.Second // for one answer: a cluster elects a stream's leader first
	// leaseLeap and documentLeap are how far beyond the backup sequences go on. The
	// service that the backup is of went on, too: its connectors had epochs, and its
	// clients know rosters by revisions (XEP-0237), that must not come to mean something
	// else. A leap in the middle of a stream can't be as wide as one before it: a server
	// that starts may look at each sequence of the last seconds.
	leaseLeap    = 1 << 32
	documentLeap = 1 << 20
)

// A Restored is what Restore made.
type Restored struct {
	Streams  int
	Messages uint64
	Replicas int
	// Forgets is the time from before which the log forgets records of the backup,
	// because its age says so; zero: there are none.
	Forgets time.Time
}

// Restore makes the streams of a backup in a NATS that has none of ours, and checks
// that they hold what it says; the backup's files were checked before. cfg's Replicas
// and MaxAge, if they are given, go before the backup's. It keeps every sequence and
// every time, but nobody's lease. If it fails it removes what it has made. If it is
// killed, or can't, what is there is marked, so that Connect refuses it and the next
// Restore removes it. Errors wrap ErrNotEmpty, ErrForeign, ErrTooOld, ErrLeft, those of Connect,
// or events.ErrUnavailable.
func Restore(ctx context.Context, cfg Config, from *backup.Backup, progress func(stream string, bytes, of int64)) (*Restored, error) {
	cfg.AttemptTimeout = restoreAttempt
	b, err := dial(cfg)
	if err != nil {
		return nil, err
	}
	defer b.hangUp()
	if progress == nil {
		progress = func(string, int64, int64) {}
	}
	r := &restoring{b: b, from: from, progress: progress, mark: events.NewID(time.Now()).String()}
	if err := r.prepare(ctx); err != nil {
		return nil, err
	}
	done, err := r.run(ctx)
	if err != nil {
		return nil, errors.Join(err, r.undo(context.WithoutCancel(ctx)))
	}
	return done, nil
}

// restoring is one call of Restore.
type restoring struct {
	b        *Bus
	from     *backup.Backup
	progress func(stream string, bytes, of int64)
	mark     string                            // value of restoringKey, this call's own
	configs  map[string]jetstream.StreamConfig // of the streams to make
}

// prepare finds out whether the backup fits, and makes room for it. Nothing is
// changed but what a restore left that did not come to its end.
func (r *restoring) prepare(ctx context.Context) error {
	if err := r.plan(); err != nil {
		return err
	}
	left := false
	var there []string
	for _, want := range r.b.streamConfigs() {
		have, err := r.look(ctx, want.Name)
		if errors.Is(err, jetstream.ErrStreamNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		there = append(there, want.Name)
		left = left || want.Name == leaseStream && have.Config.Metadata[restoringKey] != ""
	}
	switch {
	case left:
		return r.remove(ctx, there)
	case len(there) > 0:
		return fmt.Errorf("%w: %s", ErrNotEmpty, strings.Join(there, ", "))
	}
	return nil
}

// look asks for a stream, until JetStream is ready, as a cluster is that has a leader.
func (r *restoring) look(ctx context.Context, name string) (*jetstream.StreamInfo, error) {
	ctx, cancel := context.WithTimeout(ctx, setupTimeout)
	defer cancel()
	for {
		attempt, cancel := context.WithTimeout(ctx, defaultAttempt)
		have, err := r.b.streamInfo(attempt, name)
		cancel()
		switch {
		case err == nil, errors.Is(err, jetstream.ErrStreamNotFound):
			return have, err
		case permanent(err), !r.b.pause(ctx, retryEvery):
			return nil, fmt.Errorf("%w: stream %s: %w", ErrNoJetStream, name, err)
		}
	}
}

// plan decides on the streams' settings: those of the backup, if they keep this
// build's promises.
func (r *restoring) plan() error {
	r.configs = make(map[string]jetstream.StreamConfig)
	wanted := make(map[string]jetstream.StreamConfig)
	for _, want := range r.b.streamConfigs() {
		wanted[want.Name] = want
	}
	for _, s := range r.from.Streams {
		want, known := wanted[s.Name]
		if !known {
			return fmt.Errorf("%w: it has a stream %s", ErrForeign, s.Name)
		}
		if s.Snapshot == nil {
			continue
		}
		var c jetstream.StreamConfig
		if err := json.Unmarshal(s.Config, &c); err != nil {
			return fmt.Errorf("%w: settings of %s: %w", ErrForeign, s.Name, err)
		}
		if bad := differences(c, want); len(bad) > 0 {
			return fmt.Errorf("%w: %s: %s", ErrForeign, s.Name, strings.Join(bad, ", "))
		}
		if s.Name == logStream && r.b.cfg.MaxAge != 0 {
			c.MaxAge, c.Duplicates = want.MaxAge, want.Duplicates
		}
		if age := time.Since(r.from.Finished); s.Name == logStream && c.MaxAge > 0 && age > c.MaxAge && s.Messages > 0 {
			return fmt.Errorf("%w: it was made %s ago, the log keeps %s", ErrTooOld, age.Round(time.Second), c.MaxAge)
		}
		metadata := make(map[string]string)
		for key, value := range c.Metadata {
			if !strings.HasPrefix(key, "_nats") { // which are the server's own
				metadata[key] = value
			}
		}
		// Where the streams are is the other installation's affair.
		c.Metadata, c.Placement = metadata, nil
		r.configs[s.Name] = c
	}
	for _, name := range append(slices.Clone(snapshots), leaseStream) {
		if r.from.Stream(name) == nil && !slices.Contains(younger, name) {
			return fmt.Errorf("%w: it has no stream %s", ErrForeign, name)
		}
	}
	return nil
}

// run makes the streams. That of leases is the first that is there and the last that
// is free of the mark, so that while it has the mark all of them are the restore's.
func (r *restoring) run(ctx context.Context) (*Restored, error) {
	if err := r.makeLeases(ctx); err != nil {
		return nil, fmt.Errorf("make %s: %w", leaseStream, err)
	}
	done := &Restored{Streams: 1, Replicas: r.configs[leaseStream].Replicas}
	order := append([]string{logStream}, slices.DeleteFunc(slices.Clone(snapshots), func(name string) bool {
		return name == logStream || r.from.Stream(name) == nil
	})...)
	for _, name := range order {
		if err := r.stream(ctx, r.from.Stream(name), done); err != nil {
			return nil, fmt.Errorf("restore %s: %w", name, err)
		}
	}
	for _, c := range r.b.streamConfigs() {
		if r.from.Stream(c.Name) != nil {
			continue
		}
		if err := r.b.create(ctx, c); err != nil { // which the service fills by itself
			return nil, fmt.Errorf("make %s: %w", c.Name, err)
		}
		done.Streams++
	}
	for _, name := range append(order, leaseStream) {
		if err := r.release(ctx, name); err != nil {
			return nil, fmt.Errorf("complete %s: %w", name, err)
		}
	}
	return done, nil
}

// makeLeases makes the stream of leases, with nobody's. The others get as many replicas
// as the server gives it.
func (r *restoring) makeLeases(ctx context.Context) error {
	c := leaseConfig()
	c.FirstSeq = r.from.Stream(leaseStream).Last + leaseLeap
	c.Metadata = map[string]string{restoringKey: r.mark}
	if err := r.b.create(ctx, c); err != nil {
		return err
	}
	made, err := r.b.streamInfo(ctx, leaseStream)
	if err == nil {
		r.configs[leaseStream] = made.Config
	}
	return err
}

// stream makes one stream and checks it.
func (r *restoring) stream(ctx context.Context, s *backup.Stream, done *Restored) error {
	read, size := int64(0), s.Snapshot.Size
	from, err := openCopied(r.from, s, func(n int) {
		read += int64(n)
		r.progress(s.Name, read, size)
	})
	if err != nil {
		return err
	}
	defer from.close()
	c := r.configs[s.Name]
	c.Replicas = done.Replicas
	c.Metadata[restoringKey] = r.mark
	made, err := r.make(ctx, c, from, int64(s.Bytes))
	if err != nil {
		return err
	}
	// The server may have ended messages that are too old, or whose time to live is over.
	ends := c.MaxAge > 0 || c.AllowMsgTTL
	switch n := made.State.Msgs; {
	case made.State.LastSeq != from.last:
		return fmt.Errorf("it ends at %d, not at %d", made.State.LastSeq, from.last)
	case n > from.messages, n < from.messages && !ends:
		return fmt.Errorf("it has %d messages, not %d", n, from.messages)
	default:
		done.Streams++
		done.Messages += n
	}
	if since := time.Now().Add(-c.MaxAge); s.Name == logStream && c.MaxAge > 0 && s.Oldest.Before(since) && !s.Oldest.IsZero() {
		done.Forgets = since
	}
	return nil
}

// make makes a stream of the size that it had, or, where there is less room, of one
// that holds what is in it with a quarter to spare. As when they are made empty, the log
// is the first, and keeps the others' room for them.
func (r *restoring) make(ctx context.Context, c jetstream.StreamConfig, from *copied, bytes int64) (*jetstream.StreamInfo, error) {
	least := max(bytes/4*5, leastOther)
	full := c
	if c.Name != logStream && c.MaxBytes > 0 {
		full.MaxBytes = max(least, besideLog(c.MaxBytes, r.configs[logStream].MaxBytes))
	}
	for {
		c = full
		if c.Name == logStream && c.MaxBytes > 0 {
			c.MaxBytes = altogether(c.MaxBytes)
		}
		to, err := r.b.beginRestore(ctx, c)
		switch {
		case noSpace(err) && full.MaxBytes > least:
			full.MaxBytes = max(full.MaxBytes/4*3, least)
		case noSpace(err):
			return nil, fmt.Errorf("%w %d MiB for it", ErrNoSpace, c.MaxBytes>>20)
		case err != nil:
			return nil, err
		default:
			made, err := r.b.sendStream(ctx, to, from)
			if err == nil {
				made.Config.MaxBytes = full.MaxBytes
				r.configs[c.Name] = made.Config
			}
			return made, err
		}
	}
}

// release takes the mark off a stream.
func (r *restoring) release(ctx context.Context, name string) error {
	c := r.configs[name]
	delete(c.Metadata, restoringKey)
	return r.b.update(ctx, c)
}

// undo removes what was made, unless another restore has come after this one, which was
// taken for dead.
func (r *restoring) undo(ctx context.Context) error {
	have, err := r.b.streamInfo(ctx, leaseStream)
	switch {
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return nil
	case err != nil:
		return fmt.Errorf("%w: %w", ErrLeft, err)
	case have.Config.Metadata[restoringKey] != r.mark:
		return nil
	}
	var all []string
	for _, c := range r.b.streamConfigs() {
		all = append(all, c.Name)
	}
	return r.remove(ctx, all)
}

// remove removes streams. Of one that isn't there nothing is left to do. That of
// leases is the last, because it has the mark.
func (r *restoring) remove(ctx context.Context, names []string) error {
	names = slices.DeleteFunc(names, func(name string) bool { return name == leaseStream })
	for _, name := range append(names, leaseStream) {
		err := r.b.permitted(ctx, "STREAM.DELETE."+name, func(ctx context.Context) error { return r.b.js.DeleteStream(ctx, name) })
		if err != nil && !errors.Is(err, jetstream.ErrStreamNotFound) {
			return fmt.Errorf("%w: stream %s: %w", ErrLeft, name, err)
		}
	}
	return nil
}

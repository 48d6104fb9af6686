package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/backup"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A restoring is what restore was asked for.
type restoring struct {
	con      *console
	data     string
	nats     natsAccess
	replicas int
	maxAge   string
	json     bool
}

// A restoredService is what restore made.
type restoredService struct {
	From      string `json:"from"`
	Backup    string `json:"backup"` // when it was made
	Streams   int    `json:"streams"`
	Messages  uint64 `json:"messages"`
	Forgets   string `json:"forgets"` // records from before are too old for the log
	Last      uint64 `json:"last_seq"`
	Replicas  int    `json:"replicas"`
	Removed   int    `json:"removed"` // accounts whose removal was finished
	ElapsedMS int64  `json:"elapsed_ms"`
}

// newRestore makes a service of a backup.
func newRestore(con *console) *cobra.Command {
	r := restoring{con: con}
	cmd := &cobra.Command{
		Use:   "restore DIR",
		Short: "Make a service of a backup",
		Long: "Make what \"rollcall up\" runs on out of the backup in DIR: the streams of the\n" +
			"embedded NATS in --data, or those of --nats, where there must be none and no\n" +
			"rollcall up may run. All files are checked first. If it fails or is interrupted\n" +
			"there is no service, and the same command can be repeated.\n" +
			"Afterwards everything is as it was at the backup; the first rollcall up closes\n" +
			"the sessions of that time in the log, with the reason connector_lost.",
		Example: "  rollcall restore rollcall-backup/2026-11-30 --data rollcall-data/new\n" +
			"  rollcall restore rollcall-backup/2026-11-30 --nats nats://n1:4222",
		Args:              arguments(1, 1),
		ValidArgsFunction: completeFiles,
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&r.data, "data", defaultData, "`DIR` of what rollcall up will keep\n")
	f.StringVar(&r.nats.url, "nats", "", "`URL` of a NATS server or cluster to use instead")
	r.nats.define(cmd, f)
	f.IntVar(&r.replicas, "replicas", 0, "`N` servers of a cluster that keep each stream\n(default: 3)")
	f.StringVar(&r.maxAge, "log-max-age", "", "`AGE` after which the log's records go, also those of\nthe backup: 30d, 720h, forever (default: as it was)")
	f.BoolVar(&r.json, "json", false, "one JSON object")
	cmd.MarkFlagDirname("data")
	cmd.RunE = verb(func(ctx context.Context, args []string) error {
		switch external, flag := r.external(), r.nats.named(); {
		case cmd.Flags().Changed("data") && external:
			return usagef("--data is for the embedded NATS, --nats for another: give one")
		case flag != "" && !external:
			return usagef("%s is for --nats", flag)
		}
		if err := r.nats.validate(); err != nil {
			return err
		}
		return r.run(ctx, args[0])
	})
	return cmd
}

// external reports that NATS is another's.
func (r *restoring) external() bool { return r.nats.url+r.nats.context != "" }

func (r *restoring) run(ctx context.Context, dir string) error {
	begun := time.Now()
	cfg, err := r.config()
	if err != nil {
		return err
	}
	from, err := r.open(ctx, dir)
	if err != nil {
		return err
	}
	restore := r.restoreData
	if r.external() {
		restore = r.restore
	}
	made, err := restore(ctx, cfg, from)
	if err != nil {
		return r.nats.explain(ctx, err, "change --nats")
	}
	made.From, made.ElapsedMS = dir, time.Since(begun).Milliseconds()
	return r.show(made)
}

// config is how to connect and what the streams are to be like.
func (r *restoring) config() (bus.Config, error) {
	log := logFlags{age: r.maxAge, replicas: r.replicas}
	if err := log.validate(); err != nil {
		return bus.Config{}, err
	}
	var cfg bus.Config
	if r.external() {
		var err error
		if cfg, err = r.nats.config(); err != nil {
			return cfg, err
		}
	}
	cfg.Name = "rollcall restore"
	log.apply(&cfg)
	return cfg, nil
}

// open reads all of a backup once, so that nothing begins that can't end well.
func (r *restoring) open(ctx context.Context, dir string) (*backup.Backup, error) {
	from, err := backup.Open(dir)
	if errors.Is(err, backup.ErrNewer) {
		return nil, fmt.Errorf("%w; it was made by %s", err, cmp.Or(from.Version, "a build without version"))
	}
	if err != nil {
		return nil, err
	}
	var shown progress
	shown.start(r.con, "checking the backup: bytes", int(from.Size()))
	defer shown.stop()
	if err := from.Check(ctx, shown.add); err != nil {
		return nil, fmt.Errorf("%w; nothing was changed", err)
	}
	return from, nil
}

// restoreData makes the streams with a server that nobody else knows, beside the place
// where they are to be, and moves them there when all is well.
func (r *restoring) restoreData(ctx context.Context, cfg bus.Config, from *backup.Backup) (*restoredService, error) {
	dir, err := openDataDir(r.data)
	if err != nil {
		return nil, change("--data", err)
	}
	defer dir.close()
	there, err := natsd.Streams(r.data)
	if err != nil {
		return nil, change("--data", err)
	}
	if len(there) > 0 {
		return nil, change("--data", fmt.Errorf("%s: %w: %s", r.data, bus.ErrNotEmpty, strings.Join(there, ", ")))
	}
	aside := dir.file(restoringName) // also what is left of one that was killed
	if err := os.RemoveAll(aside); err != nil {
		return nil, change("--data", err)
	}
	defer os.RemoveAll(aside)
	server, err := natsd.Start(ctx, natsd.Options{DataDir: aside, Logger: newLogger(r.con.err, false)})
	if err != nil {
		return nil, change("--data", err)
	}
	cfg.InProcess = server
	made, err := r.restore(ctx, cfg, from)
	server.Shutdown()
	if err != nil {
		return nil, change("--data", err)
	}
	return made, change("--data", natsd.Install(aside, r.data))
}

// restore makes the streams, and finishes what was under way when the backup was made.
func (r *restoring) restore(ctx context.Context, cfg bus.Config, from *backup.Backup) (*restoredService, error) {
	shown := phases{con: r.con, verb: "restoring"}
	done, err := bus.Restore(ctx, cfg, from, func(stream string, bytes, of int64) { shown.at(stream, int(bytes), int(of)) })
	shown.stop()
	if err != nil {
		return nil, err
	}
	b, err := bus.Connect(ctx, cfg)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	admin, err := adminOf(b)
	if err != nil {
		return nil, err
	}
	for _, name := range from.Removed {
		if err := admin.FinishRemoval(ctx, operator(), events.StoredJID(name)); err != nil {
			return nil, fmt.Errorf("all is restored, but what is left of %s, who was removed, could not be deleted: %w; remove it with rollcall user rm", name, err)
		}
	}
	putOnRecord(ctx, b)
	info, err := b.Log().Info(ctx)
	if err != nil {
		return nil, err
	}
	made := &restoredService{
		Backup: from.Started.Format(time.RFC3339), Streams: done.Streams, Messages: done.Messages,
		Last: uint64(info.Last), Replicas: done.Replicas, Removed: len(from.Removed),
	}
	if !done.Forgets.IsZero() {
		made.Forgets = done.Forgets.Format(time.RFC3339)
	}
	return made, nil
}

func (r *restoring) show(made *restoredService) error {
	if r.json {
		return r.con.printJSON(made)
	}
	var notes string
	if made.Forgets != "" {
		notes += "; the log forgets what is older than " + made.Forgets + ", as its age says"
	}
	if made.Removed > 0 {
		notes += "; finished the removal of " + plural(made.Removed, "account")
	}
	_, err := fmt.Fprintf(r.con.out, "restored the backup of %s: %s in %s, the log up to %d, in %s%s\n", made.Backup,
		plural(int(made.Messages), "message"), plural(made.Streams, "stream"), made.Last, time.Duration(made.ElapsedMS)*time.Millisecond, notes)
	return err
}

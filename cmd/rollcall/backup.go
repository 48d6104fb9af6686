package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/backup"
	"github.com/rollcall-xmpp/rollcall/projector/query"
)

// A backedUp is what backup made.
type backedUp struct {
	Dir       string   `json:"dir"`
	Started   string   `json:"started"`
	Stream    string   `json:"stream"`  // the log
	Records   uint64   `json:"records"` // of it
	Last      uint64   `json:"last_seq"`
	Messages  uint64   `json:"messages"` // of all streams
	Bytes     int64    `json:"bytes"`    // on disk
	Streams   int      `json:"streams"`
	Removed   []string `json:"removed"`
	ElapsedMS int64    `json:"elapsed_ms"`
}

// newBackup copies what a running service has stored.
func newBackup(con *console) *cobra.Command {
	var (
		svc    service
		hurry  bool
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "backup DIR",
		Short: "Copy all that the running service has stored to a directory",
		Long: "Copy all that the running service has stored, its log, accounts, rosters,\n" +
			"waiting messages and whatever else, to DIR, which must be empty or not be there.\n" +
			"The service goes on meanwhile. DIR has its name when it is complete; until then\n" +
			"it is DIR.partial. If it is interrupted, the same command makes it anew.\n" +
			"Whoever can read DIR can read the accounts' data, but no passwords.\n" +
			"\"rollcall restore DIR\" makes a service of it.",
		Example:           "  rollcall backup rollcall-backup/2026-11-30",
		Args:              arguments(1, 1),
		ValidArgsFunction: completeFiles,
		RunE: verb(func(ctx context.Context, args []string) error {
			return svc.use(ctx, func(b *bus.Bus) error {
				made, err := backUp(ctx, con, b, args[0], hurry)
				if err != nil {
					return err
				}
				return showBackup(con, made, asJSON)
			})
		}),
	}
	svc.flags(cmd)
	cmd.Flags().BoolVar(&hurry, "hurry", false, "as fast as it can be, though logins wait;\notherwise NATS may rest three quarters of the time")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// backUp makes a backup, or leaves nothing.
func backUp(ctx context.Context, con *console, b *bus.Bus, dir string, hurry bool) (*backedUp, error) {
	begun := time.Now()
	log, err := b.Log().Info(ctx)
	if err != nil {
		return nil, err
	}
	w, err := backup.Create(dir)
	if err != nil {
		return nil, err
	}
	defer w.Abort()
	shown := phases{con: con, verb: "copying"}
	defer shown.stop()
	m, err := b.Backup(ctx, w, bus.BackupConfig{
		Version: version(), Hurry: hurry,
		Progress: func(stream string, done, total uint64) { shown.at(stream, int(done), int(total)) },
	})
	if err != nil {
		return nil, fmt.Errorf("%w; there is no backup, make it again", err)
	}
	made := &backedUp{
		Dir: dir, Started: query.Timestamp(m.Started.UnixNano()), Bytes: m.Size(), Streams: len(m.Streams),
		Removed: append([]string{}, m.Removed...), ElapsedMS: time.Since(begun).Milliseconds(),
	}
	for _, s := range m.Streams {
		made.Messages += s.Messages
	}
	made.Stream = log.Stream
	if s := m.Stream(log.Stream); s != nil {
		made.Records, made.Last = s.Messages, s.Last
	}
	return made, nil
}

func showBackup(c *console, made *backedUp, asJSON bool) error {
	if asJSON {
		return c.printJSON(made)
	}
	_, err := fmt.Fprintf(c.out, "backed up %s up to %s#%d, and all else, into %s: %s in %s\n",
		plural(int(made.Records), "record"), made.Stream, made.Last, made.Dir, sizeText(uint64(made.Bytes)), time.Duration(made.ElapsedMS)*time.Millisecond)
	return err
}

// phases shows how far each of several phases is.
type phases struct {
	con  *console
	verb string
	name string
	progress
}

// at is called for every step of a phase.
func (p *phases) at(name string, done, total int) {
	if name != p.name {
		p.stop()
		p.name = name
		p.start(p.con, p.verb+" "+name, total)
	}
	p.count.Store(int64(done))
}

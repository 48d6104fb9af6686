package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/replay/export"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// newExport writes the log into files for other programs.
func newExport(con *console) *cobra.Command {
	var (
		svc          service
		c            export.Config
		addresses    string
		since, until string
		key          string
		keep         map[string]int
		follow       bool
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:   "export DIR",
		Short: "Write the log into files that DuckDB and others read",
		Long: "Write what the log has into DIR, an hour and a class in each file:\n" +
			"DIR/events/class=session/dt=2026-11-29/hour=18/FROM-TO.parquet, where FROM and\n" +
			"TO are sequences of the log. The same command goes on where the last one ended\n" +
			"or was killed, and never changes a file that has its name; but for the hour that\n" +
			"goes on, whose files end in -open. The same log gives the same bytes.\n" +
			"Nobody's name is in the files, no resource and nothing that people have written,\n" +
			"unless you say --names.\n" +
			"DIR/" + "MANIFEST.ndjson has the hash of each file and is signed; keep its key\n" +
			"elsewhere.\n" +
			"Accounts are written for other servers by rollcall user export --xep0227.",
		Example: "  rollcall export hist\n" +
			"  duckdb -c \"select type, count(*) from 'hist/events/**/*.parquet' group by 1\"",
		Args:              arguments(1, 1),
		ValidArgsFunction: completeFiles,
		RunE: verb(func(ctx context.Context, args []string) error {
			c.Dir, c.Addresses = args[0], export.Addresses(addresses)
			span, err := parseSpan(since, until, time.Now())
			if err != nil {
				return err
			}
			c.Since, c.Until, c.Keep = span.Since, span.Until, keep
			if err := c.Validate(); err != nil {
				return usageError{err}
			}
			if key == "" {
				key = filepath.Clean(c.Dir) + ".key"
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				e := exporting{con: con, c: c, asJSON: asJSON, begun: time.Now()}
				if err := e.prepare(ctx, b, key); err != nil {
					return err
				}
				if follow {
					return e.follow(ctx)
				}
				return e.run(ctx)
			})
		}),
	}
	svc.flags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&c.Datasets, "dataset", nil, "`LIST` of what to export:\n"+strings.Join(export.Datasets, ",")+"\n(default all)")
	f.StringSliceVar(&c.Classes, "class", nil, "`LIST` of classes of events:\n"+strings.Join(export.Classes[:4], ",")+",\n"+strings.Join(export.Classes[4:], ",")+" (default all)")
	f.StringVar(&c.Format, "format", "", "`FORM`: "+strings.Join(export.Formats, ", ")+"\n(default parquet)")
	f.BoolVar(&c.Names, "names", false, "with accounts, resources and what people have\nwritten")
	f.StringVar(&addresses, "addresses", "", "`HOW` clients' addresses are there: prefix (as\nnetworks, /24 and /48), full or none\n(default prefix)")
	f.StringVar(&since, "since", "", "from the hour of this `TIME` on")
	f.StringVar(&until, "until", "", "the hours that are over before this `TIME`")
	f.StringVar(&key, "key", "", "`FILE` of the Ed25519 key that signs; made if it\nis not there (default DIR.key)")
	f.StringToIntVar(&keep, "keep", nil, "remove files that are older than `CLASS=DAYS,...`,\nof a class of events or a dataset (default none)")
	f.Lookup("keep").DefValue = ""
	f.BoolVar(&follow, "follow", false, "go on as the log does; Ctrl-C ends")
	f.BoolVar(&asJSON, "json", false, "one JSON object a run")
	cmd.AddCommand(newExportCheck(con))
	return cmd
}

// An exported is what export has done.
type exported struct {
	Dir         string `json:"dir"`
	Stream      string `json:"stream"`
	Seq         uint64 `json:"seq"`         // up to which it is sealed
	Open        uint64 `json:"open_seq"`    // up to which the hour that goes on is there; 0: it is not
	Records     uint64 `json:"records"`     // read by this run
	Connections uint64 `json:"connections"` // records of connections that never had an account, read by this run
	Segments    int    `json:"segments"`
	Damaged     uint64 `json:"damaged"`
	ElapsedMS   int64  `json:"elapsed_ms"`
}

// rememberedNames is how many accounts' pseudonyms are in memory, with some 200 bytes each.
const rememberedNames = 1 << 19

// An exporting is an export, or many, one after the other.
type exporting struct {
	con    *console
	c      export.Config
	asJSON bool
	begun  time.Time
	who    *names.Names
}

// prepare gives the export what it works with.
func (e *exporting) prepare(ctx context.Context, b *bus.Bus, key string) error {
	var err error
	if e.c.Key, err = export.LoadKey(key); err != nil {
		return change("--key", err)
	}
	e.who = names.NewSized(b.Names(), b.Log(), rememberedNames)
	if err := e.who.Load(ctx); err != nil {
		return err
	}
	e.c.Log, e.c.Pre, e.c.Keyframes, e.c.Pseudonyms = b.Log(), b.Pre(), b.Keyframes(), e.who
	return nil
}

// run exports once.
func (e *exporting) run(ctx context.Context) error {
	shown := exportProgress{con: e.con, begun: e.begun}
	e.c.Progress = shown.show
	made, err := export.Run(ctx, e.c)
	shown.end()
	if err != nil {
		return remedy(err)
	}
	return e.show(made)
}

// follow exports until Ctrl-C. Accounts that others erase meanwhile are forgotten here,
// too.
func (e *exporting) follow(ctx context.Context) error {
	end, stop := context.WithCancelCause(ctx)
	var erasures sync.WaitGroup
	erasures.Go(func() {
		if err := e.who.Follow(end); end.Err() == nil {
			stop(err)
		}
	})
	err := e.runs(end)
	if ctx.Err() == nil {
		err = errors.Join(err, context.Cause(end))
	}
	stop(nil)
	erasures.Wait()
	return err
}

// runs exports again and again.
func (e *exporting) runs(ctx context.Context) error {
	e.con.say("following; Ctrl-C ends")
	shown := exportProgress{con: e.con, begun: e.begun}
	e.c.Progress = shown.show
	var failed error
	err := export.Follow(ctx, e.c, export.Follower{
		Done: func(made *export.Result) {
			shown.end()
			if made.Segments > 0 {
				failed = errors.Join(failed, e.show(made))
			}
			e.begun = time.Now()
		},
		Interrupted: func(err error) { e.con.say("%s; going on when it is back", printable(oneLine(err))) },
	})
	return errors.Join(remedy(err), failed)
}

// remedy says what helps.
func remedy(err error) error {
	if errors.Is(err, export.ErrForeign) {
		return fmt.Errorf("%w; name another directory", err)
	}
	return err
}

func (e *exporting) show(made *export.Result) error {
	took := time.Since(e.begun)
	if e.asJSON {
		return e.con.printJSON(exported{
			Dir: e.c.Dir, Stream: made.Position.Stream, Seq: uint64(made.Position.Seq), Open: uint64(made.Open), Records: made.Records,
			Connections: made.Connections, Segments: made.Segments, Damaged: made.Damaged, ElapsedMS: took.Milliseconds(),
		})
	}
	_, err := fmt.Fprintf(e.con.out, "exported %s in %s, %.0f/s: %s\n", plural(int(made.Records), "record"),
		took.Round(time.Millisecond), float64(made.Records)/took.Seconds(), reached(made))
	return err
}

// reached says in words how far an export is.
func reached(made *export.Result) string {
	var parts []string
	if made.Segments > 0 {
		parts = append(parts, fmt.Sprintf("%s up to %s#%d", plural(made.Segments, "segment"), made.Position.Stream, made.Position.Seq))
	}
	if made.Open > 0 {
		parts = append(parts, fmt.Sprintf("the hour that goes on up to %s#%d, in files that end in -open until it is over", made.Position.Stream, made.Open))
	}
	if len(parts) == 0 {
		return fmt.Sprintf("nothing new after %s#%d", made.Position.Stream, made.Position.Seq)
	}
	return strings.Join(parts, ", and ")
}

// exportProgress says how far an export is: on a terminal on a line of its own, otherwise
// every half minute.
type exportProgress struct {
	con   *console
	begun time.Time
	said  time.Time
}

func (p *exportProgress) show(now export.Progress) {
	every, say := 30*time.Second, func(format string, args ...any) { p.con.say(format, args...) }
	if p.con.errTerminal() {
		every, say = 200*time.Millisecond, p.con.erasable
	}
	if p.said.IsZero() {
		p.said = p.begun
	}
	if time.Since(p.said) < every {
		return
	}
	p.said = time.Now()
	say("exported up to %d of %d, %s: %.0f/s", now.Seq, now.End, now.At.In(p.con.zone).Format(time.DateTime),
		float64(now.Records)/time.Since(p.begun).Seconds())
}

func (p *exportProgress) end() {
	if p.con.errTerminal() {
		p.con.erasable("")
	}
}

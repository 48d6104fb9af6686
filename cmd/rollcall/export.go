package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"rollcall/bus"
	"rollcall/replay/export"
	"rollcall/replay/names"
)

// newExport writes the log into files for other programs.
func newExport(con *console) *cobra.Command {
	var (
		svc          service
		c            export.Config
		addresses    string
		since, until string
		key          string
		asJSON       bool
	)
	cmd := &cobra.Command{
		Use:   "export DIR",
		Short: "Write the log into files that DuckDB and others read",
		Long: "Write what the log has into DIR, an hour and a class in each file:\n" +
			"DIR/events/class=session/dt=2026-11-29/hour=18/FROM-TO.parquet, where FROM and TO\n" +
			"are sequences of the log. The same command goes on where the last one ended or\n" +
			"was killed, and never changes a file that has its name; but for the hour that\n" +
			"goes on, whose files end in -open. The same log gives the same bytes.\n" +
			"Nobody's name is in the files, no resource and nothing that people have written,\n" +
			"unless you say --names.\n" +
			"DIR/" + "MANIFEST.ndjson has the hash of each file and is signed; keep its key elsewhere.",
		Example: "  rollcall export hist\n" +
			"  duckdb -c \"select type, count(*) from 'hist/events/**/*.parquet' group by type\"",
		Args:              arguments(1, 1),
		ValidArgsFunction: completeFiles,
		RunE: verb(func(ctx context.Context, args []string) error {
			c.Dir, c.Addresses = args[0], export.Addresses(addresses)
			span, err := parseSpan(since, until, time.Now())
			if err != nil {
				return err
			}
			c.Since, c.Until = span.Since, span.Until
			if err := c.Validate(); err != nil {
				return usageError{err}
			}
			if key == "" {
				key = filepath.Clean(c.Dir) + ".key"
			}
			return svc.use(ctx, func(b *bus.Bus) error { return runExport(ctx, con, b, c, key, asJSON) })
		}),
	}
	svc.flags(cmd)
	f := cmd.Flags()
	f.StringSliceVar(&c.Datasets, "dataset", nil, "`LIST` of what to export: "+strings.Join(export.Datasets, ",")+" (default all)")
	f.StringSliceVar(&c.Classes, "class", nil, "`LIST` of classes of events:\n"+strings.Join(export.Classes, ",")+" (default all)")
	f.StringVar(&c.Format, "format", "", strings.Join(export.Formats, " or ")+" (default parquet)")
	f.BoolVar(&c.Names, "names", false, "with accounts, resources and what people have written")
	f.StringVar(&addresses, "addresses", "", "prefix, full or none: clients' addresses as networks, /24 and /48,\nwhole, or not at all (default prefix)")
	f.StringVar(&since, "since", "", "from the hour of this `TIME` on")
	f.StringVar(&until, "until", "", "the hours that are over before this `TIME`")
	f.StringVar(&key, "key", "", "`FILE` of the Ed25519 key that signs; made if it is not there\n(default DIR.key)")
	f.BoolVar(&asJSON, "json", false, "one JSON object")
	cmd.AddCommand(newExportCheck(con))
	return cmd
}

// An exported is what export has done.
type exported struct {
	Dir       string `json:"dir"`
	Stream    string `json:"stream"`
	Seq       uint64 `json:"seq"`      // up to which it is sealed
	Open      uint64 `json:"open_seq"` // up to which the hour that goes on is there; 0: it is not
	Records   uint64 `json:"records"`  // read by this run
	Segments  int    `json:"segments"`
	Damaged   uint64 `json:"damaged"`
	ElapsedMS int64  `json:"elapsed_ms"`
}

// rememberedNames is how many accounts' pseudonyms are in memory, with some 200 bytes each.
const rememberedNames = 1 << 19

func runExport(ctx context.Context, con *console, b *bus.Bus, c export.Config, key string, asJSON bool) error {
	var err error
	if c.Key, err = export.LoadKey(key); err != nil {
		return change("--key", err)
	}
	shown := exportProgress{con: con, begun: time.Now()}
	who := names.NewSized(b.Names(), b.Log(), rememberedNames)
	if err := who.Load(ctx); err != nil {
		return err
	}
	c.Log, c.Pre, c.Keyframes, c.Pseudonyms, c.Progress = b.Log(), b.Pre(), b.Keyframes(), who, shown.show
	made, err := export.Run(ctx, c)
	shown.end()
	switch {
	case errors.Is(err, export.ErrForeign):
		return fmt.Errorf("%w; name another directory", err)
	case err != nil:
		return err
	}
	took := time.Since(shown.begun)
	if asJSON {
		return con.printJSON(exported{
			Dir: c.Dir, Stream: made.Position.Stream, Seq: uint64(made.Position.Seq), Open: uint64(made.Open), Records: made.Records,
			Segments: made.Segments, Damaged: made.Damaged, ElapsedMS: took.Milliseconds(),
		})
	}
	open := ""
	if made.Open > 0 {
		open = fmt.Sprintf(", and the hour that goes on up to #%d", made.Open)
	}
	_, err = fmt.Fprintf(con.out, "exported %s up to %s#%d%s: %s in %s, %.0f/s\n", plural(int(made.Records), "record"),
		made.Position.Stream, made.Position.Seq, open, plural(made.Segments, "segment"), took.Round(time.Millisecond), float64(made.Records)/took.Seconds())
	return err
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

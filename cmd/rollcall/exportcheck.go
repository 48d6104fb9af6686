package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/replay/export"
)

// newExportCheck needs no service: whoever is given an export can check it.
func newExportCheck(con *console) *cobra.Command {
	var (
		key    string
		trust  export.Trust
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "Check that the files of an export are as they were written",
		Long: "Compare the files in DIR with its manifest, and the manifest's lines with each\n" +
			"other and with their signatures. No service is needed. It prints the key that\n" +
			"signed and the hash of the newest line: keep both elsewhere, and name them next\n" +
			"time, for whoever has neither can't pass another export for this one then, nor a\n" +
			"part of it for the whole. The exit code is 1 if anything is not as it was\n" +
			"written.",
		Example:           "  rollcall export check hist --key MCowBQ... --line 4f1c...",
		Args:              arguments(1, 1),
		ValidArgsFunction: completeFiles,
		RunE: verb(func(ctx context.Context, args []string) error {
			if key != "" {
				var err error
				if trust.Key, err = export.ReadPublicKey(key); err != nil {
					return change("--key", err)
				}
			}
			found, err := export.Check(ctx, args[0], trust)
			if err != nil {
				return noExport(args[0], err)
			}
			return showExportCheck(con, args[0], found, asJSON)
		}),
	}
	cmd.Flags().StringVar(&key, "key", "", "`KEY` that it must be signed with, or a file that has it")
	cmd.Flags().StringVar(&trust.Line, "line", "", "`HASH` of a line that it must have")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// noExport says so of a directory that was never exported to, or is not there.
func noExport(dir string, err error) error {
	missing, ok := errors.AsType[*fs.PathError](err)
	if ok && errors.Is(err, fs.ErrNotExist) && missing.Path == filepath.Join(dir, "MANIFEST.ndjson") {
		return fmt.Errorf("%s has no export: there is no %s", dir, missing.Path)
	}
	return err
}

// A checkedExport is what a check has found.
type checkedExport struct {
	Dir      string   `json:"dir"`
	Stream   string   `json:"stream"`
	Seq      uint64   `json:"seq"`
	Segments int      `json:"segments"`
	Files    int      `json:"files"`
	Rows     uint64   `json:"rows"`
	Records  uint64   `json:"records"`
	Missing  uint64   `json:"missing"`
	Damaged  uint64   `json:"damaged"`
	Open     int      `json:"open_files"`
	Key      string   `json:"key"`
	Line     string   `json:"line"`
	PreLine  string   `json:"pre_line"` // of the manifest of connections
	Faults   []string `json:"faults"`
}

// shownFaults is how many people read.
const shownFaults = 20

func showExportCheck(con *console, dir string, found *export.Checked, asJSON bool) error {
	if asJSON {
		err := con.printJSON(checkedExport{
			Dir: dir, Stream: found.Head.Stream, Seq: uint64(found.To), Segments: found.Segments, Files: found.Files, Rows: found.Rows,
			Records: found.Records, Missing: found.Missing, Damaged: found.Damaged, Open: found.Open, Key: string(found.Head.Key), Line: found.Line, PreLine: found.PreLine,
			Faults: append([]string{}, found.Faults...),
		})
		if err != nil {
			return err
		}
	} else {
		for _, fault := range found.Faults[:min(len(found.Faults), shownFaults)] {
			con.say("%s", printable(fault))
		}
		fmt.Fprintf(con.out, "%s with %d rows in %s, up to %s#%d\n", plural(found.Files, "file"), found.Rows, plural(found.Segments, "segment"), found.Head.Stream, found.To)
		if found.Missing+found.Damaged > 0 {
			fmt.Fprintf(con.out, "of the log's records %d were gone before they were exported, and %d can't be decoded\n", found.Missing, found.Damaged)
		}
		if found.Open > 0 {
			fmt.Fprintf(con.out, "not checked: %s of the hour that went on\n", plural(found.Open, "file"))
		}
		fmt.Fprintf(con.out, "key  %s\nline %s\n", found.Head.Key, found.Line)
	}
	if n := len(found.Faults); n > 0 {
		return fmt.Errorf("%s in %s", plural(n, "fault"), dir)
	}
	return nil
}

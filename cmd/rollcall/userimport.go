package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"rollcall/bus"
	"rollcall/events"
	"rollcall/session"
	"rollcall/session/auth"
)

// importWriters is how many account_created events are on their way at once.
const importWriters = 64

// newUserImport makes many accounts. Nearly all of its time goes into keys, a
// few milliseconds for each account, on all cores.
func newUserImport(con *console, svc *service) *cobra.Command {
	var skipBad bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make many accounts, from lines of jid:password",
		Long: "Make an account for each line \"jid:password\" of FILE (-: standard input).\n" +
			"If any line is bad nothing is imported, unless --skip-bad is given. Accounts\n" +
			"that exist already stay as they are, so an import can be repeated.",
		Args:              arguments(1, 1),
		ValidArgsFunction: completeFiles,
		RunE: verb(func(ctx context.Context, args []string) error {
			in := con.in
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return err
				}
				defer f.Close()
				in = f
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				im := importer{con: con, bus: b, store: credentialStore{b.Accounts()}, skipBad: skipBad}
				return im.run(ctx, in)
			})
		}),
	}
	cmd.Flags().BoolVar(&skipBad, "skip-bad", false, "import the good lines even if there are bad ones")
	return cmd
}

// An importer makes the accounts of one file: it reads all lines, makes all
// keys, and only if everything is well stores anything.
type importer struct {
	con     *console
	bus     *bus.Bus
	store   credentialStore
	skipBad bool

	existed atomic.Int64
	done    progress
}

func (im *importer) run(ctx context.Context, in io.Reader) error {
	entries, bad, err := readImport(in)
	if err != nil {
		return fmt.Errorf("%w; nothing was imported", err)
	}
	// The slow part comes first and stores nothing: a bad line, or Ctrl-C,
	// leaves everything as it was.
	im.done.start(im.con, "keys", len(entries))
	defer im.done.stop()
	refused, err := im.makeKeys(ctx, entries)
	if err != nil {
		return err
	}
	im.done.stop()
	if bad = append(bad, refused...); len(bad) > 0 {
		im.con.showBad(bad)
		if !im.skipBad {
			return fmt.Errorf("bad lines: %d; nothing was imported (mend them, or give --skip-bad)", len(bad))
		}
	}
	made, err := im.storeAll(ctx, entries)
	fmt.Fprintf(im.con.out, "imported %s", plural(made, "account"))
	if n := im.existed.Load(); n > 0 {
		fmt.Fprintf(im.con.out, "; %d existed already and stayed as they were", n)
	}
	if len(bad) > 0 {
		fmt.Fprintf(im.con.out, "; skipped %s", plural(len(bad), "bad line"))
	}
	fmt.Fprintln(im.con.out)
	if err != nil {
		return err
	}
	return sayUnserved(ctx, im.con, im.bus, domainsOf(entries)...)
}

// makeKeys makes the credentials of all entries whose account does not exist,
// on all cores, and returns the lines whose password can't be used.
func (im *importer) makeKeys(ctx context.Context, entries []entry) ([]badLine, error) {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	now := time.Now()
	for i := range entries {
		if ctx.Err() != nil {
			break
		}
		e := &entries[i]
		g.Go(func() error {
			defer im.done.add(1)
			_, err := im.store.docs.Get(ctx, e.account)
			if !errors.Is(err, events.ErrNotFound) {
				if err == nil {
					im.existed.Add(1)
				}
				return err
			}
			e.credentials, e.bad = auth.NewCredentials(e.password, now)
			return nil
		})
	}
	if err := errors.Join(g.Wait(), context.Cause(ctx)); err != nil && !errors.Is(err, context.Canceled) {
		return nil, err
	}
	var bad []badLine
	for _, e := range entries {
		if e.bad != nil {
			bad = append(bad, badLine{e.line, e.bad})
		}
	}
	return bad, nil
}

// storeAll stores the credentials that were made and records each account.
func (im *importer) storeAll(ctx context.Context, entries []entry) (made int, err error) {
	writer, accounts := newWriter(im.bus.Log())
	// Documents are stored in one pipeline, events by several writers: each
	// account's event waits for its document only.
	var g errgroup.Group
	g.SetLimit(importWriters)
	im.done.start(im.con, "accounts", len(entries))
	var failed error
	for doc, err := range im.store.docs.PutAll(ctx, documents(entries)) {
		im.done.add(1)
		switch {
		case errors.Is(err, events.ErrConflict):
			im.existed.Add(1) // somebody made it just now
		case err != nil:
			failed = fmt.Errorf("store %s: %w", doc.JID, err)
		default:
			made++
			account := doc.JID
			g.Go(func() error {
				defer accounts.forget(account)
				_, _, err := writer.Do(ctx, account, events.ConnID{}, session.CreateAccount{})
				return err
			})
		}
	}
	err = errors.Join(failed, ctx.Err(), g.Wait())
	im.done.stop()
	if err != nil {
		err = fmt.Errorf("%w; repeat the import to go on where it stopped", err)
	}
	return made, err
}

// documents are those of the entries that have credentials.
func documents(entries []entry) func(yield func(bus.Document) bool) {
	return func(yield func(bus.Document) bool) {
		for _, e := range entries {
			if e.credentials != nil && !yield(bus.Document{JID: e.account, Data: e.credentials.Encode()}) {
				return
			}
		}
	}
}

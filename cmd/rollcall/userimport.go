package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
)

// maxBadShown is how many bad lines are named.
const maxBadShown = 20

// newUserImport makes many accounts. Nearly all of its time goes into keys, a
// few milliseconds for each account, on all cores.
func newUserImport(con *console, svc *service) *cobra.Command {
	var skipBad, asJSON bool
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Make many accounts, from lines of jid:password",
		Long: "Make an account for each line \"jid:password\" of FILE (-: standard input).\n" +
			"If any line is bad nothing is imported, unless --skip-bad is given. Accounts\n" +
			"that exist already stay as they are, so an import can be repeated. A line whose\n" +
			"password is a hash ({SSHA}, bcrypt, SCRAM, hex digests and the like) is bad:\n" +
			"rollcall import takes keys and much else from Prosody, ejabberd and XEP-0227.",
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
			return svc.administer(ctx, func(b *bus.Bus, admin *accounts.Admin) error {
				entries, bad, err := accounts.ReadEntries(in)
				if err != nil {
					return fmt.Errorf("%w; nothing was imported", err)
				}
				for _, domain := range accounts.Domains(entries) {
					if err := onlyOwn(ctx, b, domain, "their passwords are there, and nothing was imported"); err != nil {
						return err
					}
				}
				im := importer{con: con, bus: b, skipBad: skipBad, asJSON: asJSON}
				im.Admin, im.By, im.Entries, im.Done = admin, operator(), entries, func() { im.shown.add(1) }
				return im.run(ctx, bad)
			})
		}),
	}
	cmd.Flags().BoolVar(&skipBad, "skip-bad", false, "import the good lines even if there are bad ones")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object, with all bad lines")
	return cmd
}

// An importer makes the accounts of one file, and shows how far it is: it makes
// all keys, and only if everything is well stores anything.
type importer struct {
	accounts.Import
	con     *console
	bus     *bus.Bus
	skipBad bool
	asJSON  bool
	shown   progress
}

// A linesImported is what an import has come to, as scripts see it.
type linesImported struct {
	Imported int       `json:"imported"` // accounts
	Existed  int       `json:"existed"`  // and stayed as they were
	Bad      []badView `json:"bad"`      // lines
}

type badView struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

// tell says what has come of the import.
func (im *importer) tell(made int, bad []accounts.BadLine) error {
	if im.asJSON {
		v := linesImported{Imported: made, Existed: im.Existed(), Bad: []badView{}}
		for _, b := range bad {
			v.Bad = append(v.Bad, badView{b.Line, oneLine(b.Err)})
		}
		return im.con.printJSON(v)
	}
	text := "imported " + plural(made, "account")
	if n := im.Existed(); n > 0 {
		text += fmt.Sprintf("; %d existed already and stayed as they were", n)
	}
	if len(bad) > 0 {
		text += "; skipped " + plural(len(bad), "bad line")
	}
	_, err := fmt.Fprintln(im.con.out, text)
	return err
}

// run imports what was read. bad are the lines that could not be.
func (im *importer) run(ctx context.Context, bad []accounts.BadLine) error {
	im.shown.start(im.con, "keys", len(im.Entries))
	defer im.shown.stop()
	refused, err := im.MakeKeys(ctx)
	if err != nil {
		return err
	}
	im.shown.stop()
	if bad = append(bad, refused...); len(bad) > 0 {
		if err := im.tellBad(bad); err != nil {
			return err
		}
	}
	im.shown.start(im.con, "accounts", len(im.Entries))
	made, err := im.Store(ctx)
	im.shown.stop()
	if err := errors.Join(err, im.tell(made, bad)); err != nil {
		return err
	}
	return sayUnserved(ctx, im.con, im.bus, accounts.Domains(im.Entries)...)
}

// tellBad names the bad lines. The error is that nothing is imported because of them.
func (im *importer) tellBad(bad []accounts.BadLine) error {
	slices.SortFunc(bad, func(a, b accounts.BadLine) int { return a.Line - b.Line })
	if !im.asJSON {
		showBad(im.con, bad)
	}
	if im.skipBad {
		return nil
	}
	if im.asJSON {
		if err := im.tell(0, bad); err != nil {
			return err
		}
	}
	return fmt.Errorf("bad lines: %d; nothing was imported (mend them, or give --skip-bad)", len(bad))
}

// showBad names the bad lines, the first ones if they are many.
func showBad(c *console, bad []accounts.BadLine) {
	hashed := func(b accounts.BadLine) bool { return errors.Is(b.Err, accounts.ErrHash) }
	if slices.ContainsFunc(bad, hashed) {
		defer c.say("accounts come with their SCRAM keys, not with hashes: rollcall import takes them from Prosody, ejabberd and files of XEP-0227;\n" +
			"if one is a password all the same, make its account with rollcall user add")
	}
	for i, b := range bad {
		if i == maxBadShown {
			c.say("... and %d more", len(bad)-i)
			return
		}
		c.say("line %d: %s", b.Line, printable(oneLine(b.Err)))
	}
}

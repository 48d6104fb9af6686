package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/person"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// newUserExport writes what is known of one account, for whoever asks what is kept about
// them.
func newUserExport(con *console, svc *service) *cobra.Command {
	var (
		move, asJSON bool
		readers      string
	)
	cmd := &cobra.Command{
		Use:   "export JID FILE.zip | --xep0227 FILE.xml|DIR",
		Short: "Write all about an account, or all accounts for another server",
		Long: "Write what is known about an account, existing or removed, into a new\n" +
			"file (-: standard output), a zip with tables as NDJSON and as CSV: when it was\n" +
			"made and removed, its sessions, logins with their addresses, failed logins for\n" +
			"its name, events, contacts, and who asked about it (rollcall audit). README.txt\n" +
			"says what each table is, and how far back it goes. No password or key is in\n" +
			"the file, and nobody but its owner may read it.\n" +
			"\n" +
			"With --xep0227 write all accounts, with keys, contacts, cards, bookmarks, nodes\n" +
			"and waiting messages, as rollcall import and other servers read them: into one\n" +
			"file if its name ends in .xml (-: standard output), otherwise into a directory\n" +
			"with a file an account, as prosody-migrator reads them (type = \"xep0227\"). Keep\n" +
			"them secret: with keys somebody can guess at passwords, and pose as this\n" +
			"service. For ejabberdctl import_piefxis say --for ejabberd.",
		Example: "  rollcall user export alice@localhost alice.zip\n" +
			"  rollcall user export --xep0227 accounts.xml",
		Args:              cobra.MatchAll(arguments(1, 2), func(_ *cobra.Command, args []string) error { return checkExport(args, move, asJSON, readers) }),
		ValidArgsFunction: completeFiles,
		RunE: verb(func(ctx context.Context, args []string) error {
			if move {
				return svc.use(ctx, func(b *bus.Bus) error { return exportAll(ctx, con, b, args[0], forms[readers], asJSON) })
			}
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				err := exportPerson(ctx, con, b, account, args[1])
				switch {
				case err == nil && asJSON:
					err = con.printJSON(accountsExported{File: args[1], Accounts: 1, Left: []exportLeft{}})
				case err == nil && args[1] != "-":
					_, err = fmt.Fprintf(con.out, "exported all about %s into %s\n", account, args[1])
				}
				return err
			})
		}),
	}
	f := cmd.Flags()
	f.BoolVar(&move, "xep0227", false, "all accounts, in the format of XEP-0227")
	f.StringVar(&readers, "for", "prosody", "`SERVER` that reads the file: prosody, or ejabberd,\nwhich has keys encoded twice (default prosody)")
	f.Lookup("for").DefValue = ""
	f.BoolVar(&asJSON, "json", false, "one JSON object; not with standard output")
	return cmd
}

// accountsExported is what an export of accounts has done, as scripts see it.
type accountsExported struct {
	File     string       `json:"file"` // or directory
	Accounts int          `json:"accounts"`
	Left     []exportLeft `json:"left"` // what of them could not be written
}

type exportLeft struct {
	Account string `json:"account"`
	leftView
}

// exportPerson writes the file under another name until it is whole.
func exportPerson(ctx context.Context, con *console, b *bus.Bus, account events.JID, path string) (err error) {
	known := person.Known{
		Archive: archive(con, b), Pre: b.Pre(), Names: names.New(b.Names(), b.Log()), Keys: b.Accounts(), Rosters: b.Rosters(), Audit: b.Audit(),
	}
	if con.errTerminal() {
		known.Writing = func(name string) { con.erasable("writing %s", name) }
		defer con.erasable("")
	}
	if path == "-" {
		return known.Write(ctx, con.out, account)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s is there already; give another name", path), err)
	}
	partial := path + ".partial"
	f, err := os.OpenFile(partial, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(partial) // which is not there if all went well
	err = errors.Join(known.Write(ctx, io.Writer(f), account), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(partial, path)
}

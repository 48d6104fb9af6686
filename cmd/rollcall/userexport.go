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
	return &cobra.Command{
		Use:   "export JID FILE.zip",
		Short: "Write all that is known about an account into a zip",
		Long: "Write what is known about an account, existing or removed, into a new\n" +
			"file (-: standard output), a zip with tables as NDJSON and as CSV: when it was\n" +
			"made and removed, its sessions, logins with their addresses, failed logins for\n" +
			"its name, events, contacts, and who asked about it (rollcall audit). README.txt\n" +
			"says what each table is, and how far back it goes. No password or key is in\n" +
			"the file, and nobody but its owner may read it.",
		Args: arguments(2, 2),
		RunE: verb(func(ctx context.Context, args []string) error {
			account, err := parseAccount(args[0])
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return exportPerson(ctx, con, b, account, args[1]) })
		}),
	}
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

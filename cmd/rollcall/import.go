package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/session/accounts"
	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
)

// newImport brings the accounts of another server along.
func newImport(con *console) *cobra.Command {
	var (
		svc     service
		how     accounts.Bringing
		dryRun  bool
		asJSON  bool
		importr = importing{con: con}
	)
	cmd := &cobra.Command{
		Use:   "import FILE|DIR",
		Short: "Bring accounts along from Prosody, ejabberd or a file of XEP-0227",
		Long: "Bring accounts along with all that they have: keys or passwords, contacts,\n" +
			"requests, block lists, cards, private storage and bookmarks, nodes of personal\n" +
			"eventing, and messages that wait. Nobody has to change a password. Give one of\n" +
			"  the data directory of Prosody                   /var/lib/prosody\n" +
			"  the directory of ejabberdctl export_piefxis DIR, or the file in it that is\n" +
			"  named for a time alone\n" +
			"  a file of XEP-0227 (-: standard input), or a directory of such files, as\n" +
			"  prosody-migrator writes them (which leaves out waiting messages, block lists)\n" +
			"Stop the other server first, or what its users do meanwhile is missing.\n" +
			"\n" +
			"An account comes whole or not at all, and one that exists stays as it is, so an\n" +
			"import that was interrupted is finished by the same command. Whatever can't be\n" +
			"taken is named, with the reason; --json names all of it, --dry-run before\n" +
			"anything is stored. ejabberd exports no nodes (avatars, newer bookmarks, keys of\n" +
			"OMEMO): clients publish most of them anew. Rooms and archives have no place\n" +
			"here.\n" +
			"\n" +
			"Keys for SCRAM-SHA-1 let nobody in by SCRAM-SHA-256, and many clients try one\n" +
			"mechanism only; so a domain to which accounts come that have no others offers\n" +
			"SCRAM-SHA-1 and PLAIN, until each has a new password and a connector starts\n" +
			"anew.",
		Example: "  rollcall import /var/lib/prosody --dry-run --json > report.ndjson\n" +
			"  rollcall import /var/lib/prosody",
		Args:              arguments(1, 1),
		ValidArgsFunction: completeFiles,
		RunE: verb(func(ctx context.Context, args []string) error {
			importr.asJSON = asJSON
			src, err := openAccounts(con, args[0])
			if err != nil {
				return err
			}
			defer src.close()
			if dryRun {
				return importr.look(ctx, src)
			}
			return svc.administer(ctx, func(b *bus.Bus, admin *accounts.Admin) error {
				how.By = operator()
				return importr.run(ctx, b, &accounts.Moving{Admin: admin, How: how}, src)
			})
		}),
	}
	svc.flags(cmd)
	f := cmd.Flags()
	f.BoolVar(&how.Replace, "replace", false, "replace accounts that exist, all but their roles;\ntheir sessions end")
	f.BoolVar(&how.Keyless, "without-passwords", false, "also accounts that have neither password nor keys,\nfor a domain whose passwords another database\nchecks")
	f.BoolVar(&dryRun, "dry-run", false, "read and report only; no service is needed")
	f.BoolVar(&asJSON, "json", false, "one JSON object an account")
	return cmd
}

// look reads everything and reports what would be left out.
func (im *importing) look(ctx context.Context, src *source) error {
	im.dry = true
	im.begin(src)
	defer im.shown.stop()
	for b, err := range src.all {
		var refused *bundle.Refusal
		if errors.As(err, &refused) {
			im.tell(accounts.Moved{Account: refused.Account, Err: refused.Reason})
			continue
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		im.tell(accounts.Moved{Account: b.Account.String(), Left: b.Left})
	}
	return im.finish(nil)
}

// run brings everything.
func (im *importing) run(ctx context.Context, b *bus.Bus, m *accounts.Moving, src *source) error {
	m.Told = im.tell
	im.begin(src)
	err := m.Run(ctx, src.all)
	if err := im.finish(err); err != nil {
		return err
	}
	return sayUnserved(ctx, im.con, b, im.domains...)
}

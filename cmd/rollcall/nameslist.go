package main

import (
	"context"
	"iter"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/replay/names"
)

// A nameView is a name as scripts see it.
type nameView struct {
	Who     string `json:"who"`
	Account string `json:"account"`
	From    uint64 `json:"from"` // sequence of the incarnation's first record; 0: the account's first
}

func newNamesList(con *console, svc *service) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [JID|PSEUDONYM]",
		Short: "List pseudonyms and the accounts that they stand for",
		Long: "List which account each pseudonym in exports and in --json stands for: those of\n" +
			"one account, the one of a pseudonym, or all. An account has one from when it was\n" +
			"first needed, and another for each time that it was removed and made again.",
		Args: arguments(0, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			about := strings.Join(args, "")
			return svc.use(ctx, func(b *bus.Bus) error {
				list, err := namesOf(ctx, names.New(b.Names(), b.Log()), about)
				if err != nil {
					return err
				}
				return showNames(con, list, asJSON)
			})
		}),
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object a line")
	con.wideFlag(cmd)
	return cmd
}

// namesOf are the names that are asked for; only to find one by its account is quick.
func namesOf(ctx context.Context, all *names.Names, about string) (iter.Seq2[names.Name, error], error) {
	if about == "" {
		return all.All(ctx), nil
	}
	if p, err := names.Parse(about); err == nil {
		return func(yield func(names.Name, error) bool) {
			for name, err := range all.All(ctx) {
				if (err != nil || name.Pseudonym == p) && !yield(name, err) {
					return
				}
			}
		}, nil
	}
	account, err := parseAccount(about)
	if err != nil {
		return nil, err
	}
	list, err := all.Find(ctx, account)
	return func(yield func(names.Name, error) bool) {
		for _, name := range list {
			if !yield(name, nil) {
				return
			}
		}
	}, err
}

func showNames(con *console, list iter.Seq2[names.Name, error], asJSON bool) error {
	t := newTable(con, "PSEUDONYM", "FROM", "ACCOUNT")
	count := 0
	for name, err := range list {
		if err != nil {
			return err
		}
		count++
		if asJSON {
			err = con.printJSON(nameView{name.Pseudonym.String(), name.Account.String(), uint64(name.From)})
		} else {
			err = t.row(name.Pseudonym.String(), strconv.FormatUint(uint64(name.From), 10), name.Account.String())
		}
		if err != nil {
			return err
		}
	}
	if count == 0 {
		con.say("no names")
	}
	return t.flush()
}

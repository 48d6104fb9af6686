package main

import "github.com/spf13/cobra"

// newToken groups the verbs about what other programs are let in with.
func newToken(con *console) *cobra.Command {
	var svc service
	group := &cobra.Command{Use: "token", Short: "Manage the tokens that let other programs in"}
	chooseOne(group)
	svc.flags(group)
	group.AddCommand(newTokenAdd(con, &svc), newTokenList(con, &svc), newTokenRm(con, &svc))
	return group
}

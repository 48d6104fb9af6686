package main

import "github.com/spf13/cobra"

// newNames groups the verbs about pseudonyms.
func newNames(con *console) *cobra.Command {
	var svc service
	group := &cobra.Command{Use: "names", Short: "Tell whose pseudonyms are, and forget it"}
	chooseOne(group)
	svc.flags(group)
	group.AddCommand(newNamesList(con, &svc), newNamesErase(con, &svc))
	return group
}

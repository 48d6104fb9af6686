package main

import "github.com/spf13/cobra"

// newUser groups the verbs about accounts.
func newUser(con *console) *cobra.Command {
	var svc service
	group := &cobra.Command{Use: "user", Short: "Add, change, disable, remove, list, import and export accounts"}
	chooseOne(group)
	svc.flags(group)
	group.AddCommand(
		newUserAdd(con, &svc), newUserPasswd(con, &svc), newUserRm(con, &svc),
		newUserRole(con, &svc), newUserDisable(con, &svc), newUserEnable(con, &svc),
		newUserList(con, &svc), newUserImport(con, &svc), newUserExport(con, &svc),
	)
	return group
}

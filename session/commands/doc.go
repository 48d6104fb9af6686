// Package commands lets clients administer the service by ad-hoc commands (XEP-0050) with
// forms (XEP-0004): those of XEP-0133 that its users know from other servers. A command runs
// the same functions as the verbs of the command line, in the name of the client's account.
//
// # Use
//
//	svc := commands.New(commands.Config{Accounts: admin, Roles: roles, ...})
//	items := svc.Items(requester)                 // disco#items of the node commands.NS
//	info, err := svc.Info(requester, node)        // disco#info of a command
//	payload, err := svc.Run(ctx, requester, command)
//
// # Who may
//
// Each command needs a permission of the client's role, and is listed only to those who have
// it. Whoever acts on an account must have a role that covers the account's own: nobody
// gives himself a greater one by its password.
//
// # Limits
//
// A command that shows a form waits ten minutes to be completed. A client may have 8 that
// wait, and all together MaxWaiting; beyond either the oldest is forgotten. Nothing of it
// outlives the process. A form may name 100 accounts.
//
// # Where things are
//
// run.go has what XEP-0050 says of any command, session.go what waits between two requests,
// form.go the forms. list.go lists the commands of XEP-0133, own.go ours that it lacks;
// accounts.go, online.go, roles.go, bans.go and announce.go carry them out.
package commands

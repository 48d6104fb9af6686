package commands

import (
	"context"
	"slices"

	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// A command is one that there is.
type command struct {
	name, title  string
	own          bool // it is none of XEP-0133
	needs        roles.Permission
	instructions string
	fields       []field // nil: it asks for nothing
	run          func(*call) (content string, err error)
	// offers gives the options of a field that has others for each client; mostly nil.
	offers func(context.Context, *Service, Requester) ([]string, error)
}

// A call is a command that is carried out.
type call struct {
	*Service
	ctx     context.Context
	by      Requester
	command *command
	form    form
}

func accountField(label string) field { return field{"accountjid", "jid-single", label, true, nil} }

func accountsField(label string) field { return field{"accountjids", "jid-multi", label, true, nil} }

// known are all commands, in the order in which they are offered.
var known = slices.Concat(list133, listOwn)

// list133 are those of XEP-0133, by the names that it gives them. To delete an account is
// not among them: it can't be undone, and is for the command line. Fields that begin with
// x- are our own (XEP-0068, 3.4).
var list133 = []command{
	{
		name: "add-user", title: "Add User", needs: roles.Register, run: addUser,
		instructions: "Fill out this form to add a user.",
		fields: []field{
			accountField("The Jabber ID for the account to be added"),
			{"password", "text-private", "The password for this account", true, nil},
			{"password-verify", "text-private", "Retype password", true, nil},
		},
	}, {
		name: "disable-user", title: "Disable User", needs: roles.Disable, run: disableUsers,
		instructions: "Fill out this form to disable users: they can't log in, and what is kept of them stays.",
		fields: []field{
			accountsField("The Jabber ID(s) to disable"),
			{"x-for", "text-single", "For how long: 30m, 12h or 7d; nothing: until they are re-enabled", false, nil},
			{"x-reason", "text-single", "The reason, which they are told", false, nil},
		},
	}, {
		name: "reenable-user", title: "Re-Enable User", needs: roles.Disable, run: reenableUsers,
		instructions: "Fill out this form to re-enable users.",
		fields:       []field{accountsField("The Jabber ID(s) to re-enable")},
	}, {
		name: "end-user-session", title: "End User Session", needs: roles.EndSessions, run: endSessions,
		instructions: "Fill out this form to end sessions: one by its full Jabber ID, or all of a user.",
		fields: []field{
			accountsField("The Jabber ID(s) for which to end sessions"),
			{"x-reason", "text-single", "The reason, which they are told", false, nil},
		},
	}, {
		name: "change-user-password", title: "Change User Password", needs: roles.Register, run: changePassword,
		instructions: "Fill out this form to change a user's password. The user's sessions end.",
		fields: []field{
			accountField("The Jabber ID for this account"),
			{"password", "text-private", "The new password", true, nil},
		},
	}, {
		name: "get-user-lastlogin", title: "Get User Last Login Time", needs: roles.SeeSessions, run: lastLogin,
		instructions: "Fill out this form to learn when a user was there last.",
		fields:       []field{accountField("The Jabber ID for which to retrieve the time")},
	}, {
		name: "get-online-users-num", title: "Get Number of Online Users", needs: roles.SeeSessions, run: onlineNumber,
	}, {
		name: "get-online-users-list", title: "Get List of Online Users", needs: roles.SeeSessions, run: onlineList,
		instructions: "How many users are to be listed at most?",
		fields:       []field{{"max_items", "list-single", "Maximum number of users", false, []string{"25", "50", "75", "100", "150", "200", "none"}}},
	}, {
		name: "announce", title: "Send Announcement to Online Users", needs: roles.Announce, run: announce,
		instructions: "Fill out this form to send an announcement to all who are online at this domain.",
		fields: []field{
			{"subject", "text-single", "Subject", false, nil},
			{"announcement", "text-multi", "Announcement", true, nil},
		},
	},
}

package commands

import (
	"context"

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

// list133 are the commands, by the names that XEP-0133 gives them. To delete an account is
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
	}, {
		name: "ban", own: true, title: "Ban an Address or a Network", needs: roles.Ban, run: ban,
		instructions: "Fill out this form to refuse connections from an address or a network, and to end the sessions there.",
		fields: []field{
			{"network", "text-single", "192.0.2.7, 192.0.2.0/24 or 2001:db8::/32", true, nil},
			{"x-for", "text-single", "For how long: 30m, 12h or 7d; nothing: until the ban is lifted", false, nil},
			{"x-reason", "text-single", "The reason, which clients there are told", false, nil},
		},
	}, {
		name: "lift-ban", own: true, title: "Lift a Ban", needs: roles.Ban, run: liftBan, offers: standing,
		instructions: "Which network may clients connect from again?",
		fields:       []field{{"network", "list-single", "The address or network", true, nil}},
	}, {
		name: "set-role", own: true, title: "Set a User's Role", needs: roles.SetRoles, run: setRole, offers: givable,
		instructions: "Fill out this form to give a user another role. Sessions that may do less by it end.",
		fields: []field{
			accountField("The Jabber ID for this account"),
			{"role", "list-single", "The new role", true, nil},
			{"x-reason", "text-single", "The reason, for the history", false, nil},
		},
	}, {
		name: "take-role", own: true, title: "Change the Role of This Session", needs: roles.Commands, run: takeRole, offers: assumable,
		instructions: "Which of your account's roles is this session to have until it ends?",
		fields:       []field{{"role", "list-single", "The role", true, nil}},
	},
}

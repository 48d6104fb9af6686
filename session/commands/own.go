package commands

import "github.com/rollcall-xmpp/rollcall/session/roles"

// listOwn are the commands that XEP-0133 does not have, with names of ours.
var listOwn = []command{
	{
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

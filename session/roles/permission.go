package roles

import (
	"iter"
	"slices"
)

// A Permission is one thing that a role may allow. Its name, not its number, is what
// configuration and documents have.
type Permission uint8

// What everybody may do is no permission: to log in, bind, be pinged, ask the server
// what it is, and broadcast presence to those who may see it.
const (
	_           Permission = iota // which everybody has
	Message                       // send messages to other accounts
	Request                       // send requests to other accounts and their sessions
	Direct                        // send directed presence
	Roster                        // have a roster, and subscribe to others' presence
	Block                         // have a block list
	Store                         // keep private data and a vCard
	Publish                       // publish items, and subscribe to others' nodes
	Wait                          // have messages wait while nobody is there
	OwnAccount                    // change one's own password, and remove one's own account
	Commands                      // see and use ad-hoc commands; each may need more
	SeeSessions                   // list the sessions of others
	EndSessions                   // end the sessions of others
	Register                      // make accounts for others
	Announce                      // send a message to all who are online
	Disable                       // disable and enable accounts
	Ban                           // ban networks, and lift bans
	SetRoles                      // give and take roles
	permissions                   // how many there are
)

var permissionNames = [permissions]string{
	Message:     "message",
	Request:     "request",
	Direct:      "direct-presence",
	Roster:      "roster",
	Block:       "block",
	Store:       "store",
	Publish:     "publish",
	Wait:        "wait",
	OwnAccount:  "own-account",
	Commands:    "commands",
	SeeSessions: "see-sessions",
	EndSessions: "end-sessions",
	Register:    "register",
	Announce:    "announce",
	Disable:     "disable",
	Ban:         "ban",
	SetRoles:    "set-roles",
}

// String is the name.
func (p Permission) String() string { return permissionNames[p] }

// Permissions gives all that there are.
func Permissions() iter.Seq[Permission] {
	return func(yield func(Permission) bool) {
		for p := Message; p < permissions; p++ {
			if !yield(p) {
				return
			}
		}
	}
}

// permission finds one by its name.
func permission(name string) (Permission, bool) {
	p := slices.Index(permissionNames[:], name)
	return Permission(max(p, 0)), p > 0
}

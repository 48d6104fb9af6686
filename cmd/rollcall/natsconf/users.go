package natsconf

import "github.com/rollcall-xmpp/rollcall/bus"

// A user is one of NATS, with a key of its own.
type user struct {
	Name  string
	For   string     // what it is for
	Roles []bus.Role // none: that of the system account
}

// users are those in the account of the streams.
var users = []user{
	{"connector", "rollcall up --roles connector,projector", []bus.Role{bus.RoleConnector}},
	{"http", "rollcall up --roles http,projector", []bus.Role{bus.RoleHTTP}},
	{"publisher", "rollcall up --roles publisher", []bus.Role{bus.RolePublisher}},
	{"service", "one rollcall up with any or all of these roles", []bus.Role{bus.RoleConnector, bus.RoleHTTP, bus.RolePublisher}},
	{"auditor", "the verbs that ask (history, sessions, events, audit ...); each leaves a record", []bus.Role{bus.RoleAuditor}},
	{"admin", "all verbs: log create, user, kick, token, feed, log set, backup, restore ...", []bus.Role{bus.RoleAdmin}},
}

// Names of the others, whose permissions follow from their accounts.
const (
	feedUser   = "feed"
	systemUser = "sys"
)

// KeyFile is where the seed of a user's key is, in the directory of all.
func KeyFile(name string) string { return name + ".nk" }

// PasswordFile is where the password of the user feed is.
const PasswordFile = feedUser + ".password"

// AuthorityFile is the certificate that the servers' are signed by.
const AuthorityFile = "ca.pem"

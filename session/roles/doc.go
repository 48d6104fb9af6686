// Package roles says who may do what: a role has a name, inherits from others, and
// allows some of the permissions that there are. Whatever no role grants is denied.
//
// # Use
//
//	set, err := roles.New(roles.Definition{Name: "support", Inherits: []string{"member"}, Allow: []string{"see-sessions"}})
//	role := set.Role("support") // nil, which may do nothing, if there is none
//	if !role.May(roles.EndSessions) { ... }
//
// Five roles are built in, each with all that the one before it may do: guest, whom
// nobody knows (SASL ANONYMOUS); registered, who made the account himself (XEP-0077);
// member, whom the operator knows; admin, who looks after other accounts; and operator, who
// decides who is one. Definitions add others, or change what these allow.
//
// An account has a primary role, with which its sessions begin, and may have further
// ones, which a session can change to; see [Set.Assumable]. A session has one role at a
// time.
//
// The package is pure: names in, decisions out. A Set never changes, so that
// any number of goroutines may ask it, and May is one look at a word.
package roles

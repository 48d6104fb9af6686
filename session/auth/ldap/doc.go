// Package ldap checks passwords with a directory (LDAP, RFC 4511): whoever can bind
// with one has it.
//
// How a user's entry is found is one of two ways: by a template for its name, or by a
// search with a filter, as a service that may search. The user's name goes into either
// escaped (RFC 4514, 2.4; RFC 4515, 3), so that it is a value and nothing else. A bind
// without a password succeeds in many directories, as nobody (RFC 4513, 5.1.2); so an
// empty one is refused here, and so is an entry without a name.
//
// Connections are kept, at most Config.Connections; whoever finds none waits, as long as
// the question may take. Each is TLS from the beginning (ldaps) or by StartTLS, unless
// the directory is on this machine. One that the directory has closed meanwhile is
// replaced, and the question asked again.
//
// The directory's answers are bounded, in time by the question's context and in bytes.
// Errors name its result by a code, never by the text that it sent, for that may quote
// anything.
package ldap

// Package httpauth checks passwords with an HTTP service.
//
// The service is asked by a POST whose body is JSON:
//
//	{"user": "alice", "domain": "example.org", "password": "secret"}
//
// and, if it has been given one, with its secret as "Authorization: Bearer SECRET". It
// answers with the status 200 and the type application/json:
//
//	{"result": "right"}    // or wrong, unknown, expired, disabled
//
// Anything else is no answer: another status, another type, a redirect, more than 4 KiB.
// So a login page or a proxy that answers 200 to everything lets nobody in.
//
// A right password is remembered for Config.Keep, in memory, by a MAC under a key of this
// process: within that time a client that comes back is let in without asking, even if
// the service is down, or has changed its mind. Nothing else is remembered.
package httpauth

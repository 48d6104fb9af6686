// Package certs has the certificates that clients are shown.
//
// A [Set] has one pair of certificate and key for all domains, or a directory of them
// of which each domain gets its own (by SNI), or the self-signed one of the service,
// which all its connectors share over the bus. Files are read again when they have
// changed; what cannot be used leaves in use what was there before. [Faults] are what
// clients will complain of; a Set looks for them when it is opened, when something has
// changed, and each day.
//
// Two files a job: pair.go follows the files of one pair, directory.go finds those of
// many; set.go chooses and watch.go keeps up to date; selfsigned.go makes one and
// shared.go shares it; faults.go judges.
package certs

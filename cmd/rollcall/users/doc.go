// Package users reads where the users of each domain come from: the sections
// [users."DOMAIN"] of a configuration file, of which docs/userdatabases.md has examples.
//
// A section is checked when the file is, with all files that it names, and nothing is
// asked over the network. Secrets are in files of their own, which nobody but their
// owner may read.
package users

// Package person writes what is known of one account into a zip, for whoever is asked what
// is kept about them and by whom it was read (GDPR, articles 15 and 20).
//
//	known := person.Known{Archive: archive, Pre: bus.Pre(), Names: names, Keys: bus.Accounts(), Rosters: bus.Rosters(), Audit: bus.Audit()}
//	err := known.Write(ctx, file, account)
//
// Each table is in it as NDJSON, where nothing is lost, and as CSV, for people. The last
// file is README.txt, which says what is in each, how many rows, and from when on anything
// is known; a zip without it, which no program opens, was cut off. Whoever was removed and
// made again is all of it, told apart by pseudonyms.
//
// The account's records are read by their own subject, so they cost what the account has
// done, or where they lie far apart in a long log, what that costs to go through. The
// failed logins and the audit are read whole, for both are bounded. Each is read once, if
// what is kept of it until the next file needs no more than some 32 MiB, and otherwise for
// each file again. Beyond that no more is held in memory than the sessions that are open at
// one time.
package person

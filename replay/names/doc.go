// Package names gives accounts pseudonyms, so that what is kept of them for long names
// nobody. A [Pseudonym] is 16 random bytes; only the bucket behind [Names] tells whose
// it is, and it can forget.
//
//	who := names.New(nats.Names(), nats.Log())
//	p, err := who.Of(ctx, st)                  // of a record's account, at that record
//	err = who.OfAll(ctx, batch, pseudonyms)    // of many, with few round trips
//	n, err := who.Erase(ctx, alice)            // nobody can tell any longer who they were
//
// # Whose a pseudonym is
//
// It stands for one incarnation of an account, from its creation to the creation of
// another of the same name, so that a new owner of an old name is somebody else. All
// processes that ask, at whatever time and in whatever order, get the same: the first
// that needs one makes it, by compare-and-set.
//
// Where an incarnation begins the log says: at an account_created that is not its
// account's first record. A reader that goes along the log sees it come by; it knows
// that it has missed nothing of an account because each record names the one before it
// (events.Record.Prev). For one that begins in the middle a mark in the bucket tells
// that an account was ever removed; whoever removes one puts it there first
// ([Names.Removing]). Only of such accounts the records are read again. In a log from
// before there were marks, an account that was removed and made again may have one
// pseudonym for both, if it was first asked for in the middle.
//
// # What is forgotten
//
// [Names.Erase] forgets whose the pseudonyms of an account were, at this end of the
// log. Archives and figures stay as they are: their pseudonyms then are nobody's.
// Records up to there have none from then on, for they still name the account in
// clear, and a new pseudonym for them would join the archives' old one to it, by the
// sequence. That is remembered for as long as the log keeps such records. Records
// that come later have another pseudonym. Backups have everything that was not
// erased when they were made: after one is restored, erase again.
//
// # Limits
//
// A document of an account has 34 bytes an incarnation. A Names keeps the newest 65,536
// accounts in memory unless it is told otherwise, with some 200 bytes each. It is safe for
// concurrent use. Without [Names.Follow] a process goes on with what it has in memory
// when another erases an account.
package names

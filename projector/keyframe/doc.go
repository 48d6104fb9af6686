// Package keyframe is the form in which a table of all sessions is kept: a keyframe
// is the table after one record of the log. A process that starts reads the newest
// one and the records behind it; a question about the past reads the one before the
// moment and the records in between.
//
//	data := keyframe.Encode(head, accounts)
//	head, accounts, err := keyframe.Decode(data, own)
//	place := keyframe.Places{}                       // which records get one
//
// # The form
//
// Five bytes, RCKF and the format's number, then a zstd frame (RFC 8878) of
//
//	the head        its length, then its fields; more may follow in later builds
//	the accounts    that have sessions, by JID
//	the hash        SHA-256 of all of that
//
// Numbers are varints as in encoding/binary, texts have their length before them. A
// session is the record that repeats it (events.Refreshed) and grows with it. Of an
// account's password nothing is kept: whoever asks whether it has changed means since
// some record behind the keyframe.
//
// The bytes are a function of the log up to the record, whoever encodes them with
// one build. Other builds may compress otherwise; the hash is of the data that are
// compressed.
//
// # Limits
//
// Encode and Decode hold all of it in memory, compressed and not: about 250 bytes a
// session beside the accounts themselves.
package keyframe

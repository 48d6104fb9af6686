// Package prosody reads the directory in which Prosody keeps its data, in the files of
// mod_storage_internal: HOST/STORE/USER.dat and .list, where what is neither a letter nor
// a digit is percent-encoded in each name.
//
//	for b, err := range prosody.Read(os.DirFS("/var/lib/prosody")) {
//		var refused *bundle.Refusal
//		switch {
//		case errors.As(err, &refused): // one account or host can't be taken; there may be more
//		case err != nil:               // the directory can't be read on
//		default:                       // b
//		}
//	}
//
// # What it promises
//
// The files are programs in Lua; they are parsed as the constants that Prosody writes, and
// never run. Nothing is written. Stores of an account that have no place in a bundle are
// noted there.
//
// A file that Prosody writes anew has its name when it is complete, so the directory of a
// running Prosody can be read; but what it changes meanwhile is missed, in part or wholly.
//
// # Limits
//
// [MaxFile] bytes a file, 200 tables in each other. One account is in memory at a time,
// and the names of all.
package prosody

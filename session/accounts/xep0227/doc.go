// Package xep0227 reads and writes accounts in the portable format of XEP-0227, as
// ejabberd (ejabberdctl export_piefxis) and Prosody (prosody-migrator) write and read it.
//
//	for b, err := range xep0227.Read(file, open) {
//		var refused *bundle.Refusal
//		switch {
//		case errors.As(err, &refused): // one account can't be taken; there may be more
//		case err != nil:               // the file can't be read on
//		default:                       // b
//		}
//	}
//	w := xep0227.NewWriter(out, xep0227.Standard)
//	err := w.Write(b) // as often as there are accounts
//	err = w.Close()
//
// # What it promises
//
// A file is streamed: one account is in memory at a time. Only what RFC 6120, 11 lets into
// a stream gets into an account: a document type, and with it any entity of its own, ends
// the reading; comments are passed over.
//
// # What differs between servers
//
// ejabberd encodes keys and salts in base64 twice, which is told by their length. It puts
// the hosts into files of their own, which the first one includes (XInclude); a file is
// included if its name has no directory in it. Its block list is the privacy list that is
// active by default. Prosody leaves out the namespace of requests.
//
// # Limits
//
// [MaxAccount] bytes of one account, 100 elements in each other, 16 files included.
package xep0227

// Package index brings the index that nats-server keeps beside the blocks of
// a stream up to date, so that a server that was killed need not read all of them.
//
// The server writes a stream's index, msgs/index.db, when it stops, and every two
// minutes or so if the stream has no more than a million subjects. It takes an
// index only if that covers every record; one that lacks the last record of many
// millions is passed over, and all blocks are read: 16 s for 10,000,000 records.
// [Update] reads only what has come since the index was written, 1,000 records or
// some millions, and writes the index that the server would have found if it had
// been stopped in order.
//
// Of a stream with more subjects the server writes the index when it stops, and never
// before. For that [Keep] writes one while it runs, of the blocks that are complete,
// and Update takes whichever covers more.
//
// Update does so only where that is certain to be the same. The blocks of a plain log
// are: records with sequences without a gap, none of which was deleted but from
// the front. Whatever is not of that kind, damaged, or of another version of the
// server, is [ErrUnfit] and left as it is; the server then reads its blocks, as it
// always did. A last record that was only half written is cut off, as the server
// itself does.
//
// The files are those of nats-server 2.15: index.db of version 4, and blocks
// without compression and encryption. A test has the server write the same index.
//
// # Where things are
//
//	update.go   what to read, and whether it fits
//	index.go    the form of index.db
//	scan.go     the records of a block
//	config.go   the settings of a stream that it must have
package index

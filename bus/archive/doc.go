// Package archive reads and writes the archive that a NATS server makes of a
// stream and makes a stream from (nats-server 2.15, server/archive and
// server/stream_backup.go): a stream of S2 (klauspost/compress) that begins with
// NATSARC1 and goes on with entries, the first of which is the stream's state, the
// last one empty, and each other one a message.
//
//	r, state, err := archive.NewReader(file)
//	for m, err := range r.All() { ... }
//
// A backup is taken and given back as it came, without this package's help. It is
// read to find out what is in it and that its end is there, and written where
// something is to be added. Servers before 2.15 have another form, which is refused
// with [ErrForm].
package archive

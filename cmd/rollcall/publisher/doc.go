// Package publisher publishes the log: it writes each record in the published form
// (package public) into stream RC_PUBLIC, under the record's own sequence.
//
//	p := publisher.New(publisher.Config{Log: b.Log(), Public: b.Public(), Names: who, Addresses: publisher.Networks})
//	err := p.Run(ctx)
//
// Any number of processes may do so at the same time, without a leader. Each message names the
// sequence that it expects to be the stream's last, one less than its own, so that it is
// stored at its place or not at all, and whoever writes it writes the same. A process that was
// not the first reads where the stream ends, stands aside for a moment, and goes on from
// there. One that is killed is replaced by that, within half a second, and nothing of a
// publisher is kept but the stream.
//
// # What is in the stream
//
// One event for each sequence of the log from where the stream began, also for records that
// this build does not know (log.unknown) or that can't be decoded (log.damaged). Where the log
// itself has no record there is a log.lost for each sequence, or for more than 10,000 in a row
// the stream is emptied and goes on with one log.lost that names the first and the last; what was
// not read by then is in the log.
//
// Subjects are rc.v1.pub.CLASS.EVENT.PARTITION, where the last is the event's partitionkey, 0 if
// it has none. No subject names an account.
//
// # Whose it is
//
// A stream is of one log from the creation of that on. If the log is another one, as after a
// restore, or has lost its end, then the stream's sequences mean something else; it is
// removed and begun anew from the log's first record, and those who read it, by consumers
// that are kept, get all of it again. That is logged.
//
// # Limits
//
// A Publisher has up to 1,536 records in memory. It writes while the log is ahead of the stream
// and NATS takes it; nobody waits for it, and the log knows nothing of it.
package publisher

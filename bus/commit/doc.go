// Package commit puts writes on disk in groups. A server that syncs to disk for
// each message can't store more of them a second than the disk can sync. But one
// sync serves all that was written before it: so whoever has an acknowledged write
// waits for the next sync that begins, with everybody else who does.
//
//	group := commit.NewGroup(func() error { return file.Sync() }, (*write).done)
//	group.Add(w, at) // w.done(err) is called after a sync that began after Add
//
// With one write on its way a sync begins at once, and the price is that of the
// sync. While one runs all that come share the next.
//
// # Who syncs
//
// An embedded server that promises durability leaves syncing to the process that
// embeds it, and says so in its name ([ServerName], [Asks]), which is the first
// thing that a connection learns: there is no moment at which a client takes an
// acknowledgement for more than it is. That process answers requests to sync a
// stream, so that other processes have the same promise.
package commit

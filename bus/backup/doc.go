// Package backup is what a backup is on disk: a directory with a file for each
// stream, or two, manifest.json, which says what they are, and SHA256SUMS, by which
// anybody can check all of them (sha256sum -c SHA256SUMS).
//
//	w, err := backup.Create(dir)
//	defer w.Abort() // unless it was completed
//	f, err := w.File("RC_EV")
//	...
//	err = w.Complete(manifest)
//
//	b, err := backup.Open(dir)
//	err = b.Check(ctx, nil)
//
// The directory gets its name when everything in it is on disk, so that what has
// the name is complete. Until then, and for ever if the process is killed, it is
// called dir.partial; whoever makes the same backup again removes that first. The
// files that bus puts in, and their order, are in bus.Bus.Backup.
//
// Directories are locked by flock, which makes this a package for Unix.
package backup

// Package lossy is a disk for tests: a filesystem that shows, at any moment,
// what would be left of it after a power failure.
//
// A [Disk] keeps everything in memory, as processes see it and as it has been
// synced. [Disk.Mount] serves it by FUSE, so that real processes can use it, and
// [Disk.Left] returns what a machine would find on it whose power failed just now.
// That may be asked as often as one likes, while processes go on writing.
//
// What is left is what ext4 promises with its default options, and no more:
//
//   - Data of a file is there once it was synced (fsync, fdatasync, O_SYNC).
//   - Names, and where files were cut off, are in a journal, which whatever is
//     synced takes along as a whole. So a file that was made and synced is there,
//     and so is everything that was renamed or removed before.
//   - A name may be there whose data is not: then the file is empty.
//   - What was not synced may nevertheless be there, in part: pages of 4 KiB in any
//     order, with zeros for those between.
//
// Modes, owners and times are not kept, and there are no links.
package lossy

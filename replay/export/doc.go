// Package export writes the log into files that other programs read: Parquet for DuckDB,
// Polars, Spark and ClickHouse, or lines of text. docs/export.md says what is in them.
//
//	key, err := export.LoadKey("hist.key")
//	result, err := export.Run(ctx, export.Config{
//		Dir: "hist", Log: nats.Log(), Pre: nats.Pre(), Keyframes: nats.Keyframes(), Pseudonyms: who, Key: key,
//	})
//	found, err := export.Check(ctx, "hist", export.Trust{}) // without a service
//
// # What a directory holds
//
//	hist/events/class=session/dt=2026-11-29/hour=18/00000000000000018231-00000000000000022816.parquet
//	hist/MANIFEST.ndjson
//
// Each file speaks for a segment, a range of sequences that its name says, and there is
// one for each class of each dataset in each segment, though it has no rows. A segment
// ends with an hour of the log's clock, at multiples of 2^20 sequences, and nowhere
// otherwise, so that segments are a function of the log; and so is what is in the files:
// whoever exports the same log with the same choices and the same key gets the same bytes,
// on any machine, however often it was interrupted. The hour that goes on is in files
// whose name ends in -open, which later runs replace.
//
// # The order of things
//
//  1. The files of a segment are written in a folder of their own, and are on the disk.
//  2. Each gets its name; then so does the state, with which the next segment goes on.
//  3. A line of the manifest says that the segment is there, with the hash of each file
//     and of the line before, and signed.
//  4. The state of the segment before is removed: the sessions that were open at its end.
//
// So the manifest is the checkpoint. A process that is killed between 2 and 3 leaves
// files without a line, which the next one writes again. A reader who looks for files by
// their names may see those a moment before the others of their segment.
//
// # Limits
//
// A class or dataset takes memory for up to 122,880 rows, and all sessions that are open at
// one time are in it. Records that the log has forgotten before they were exported are
// missing, and counted. A clock of the log's servers that is put back by more than a
// minute, while nothing is stored, ends an hour early: what comes then is in the next one.
package export

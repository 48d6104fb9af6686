// Package verify checks that a log still says what it said: that it is whole, that
// each record was appended on top of its account's last one, and that folding it gives
// the keyframes that were written when it was stored.
//
//	report, err := verify.Run(ctx, verify.Config{Log: log, Keyframes: keyframes})
//	err = report.Extend(ctx, later) // up to a record that has come since
//
// Each keyframe begins a part of the log that ends with the next one. The parts are
// read and folded at once, as many as there are processors and memory for, and what
// they tell is put together in their order. So a fault is found in its own part, and
// the check of a day reads no more than a day.
//
// # What is found
//
//   - Records that are missing between others, and which.
//   - Records that are not on top of their account's last one: something between the
//     two is lost or was exchanged, or their writer did not look (a foreign record:
//     nothing is lost by it).
//   - A keyframe that is not what the part before it gives: the log or the keyframe has
//     changed since. The first record of the part that is of an account that differs is
//     named.
//   - Keyframes that can't be read. They are passed over; the part before goes on.
//   - Records that can't be decoded, and those of unknown kinds, are counted.
//
// It is not found if a record was changed so that no session is another for it, or
// if the keyframes were made to fit: it tells faults, not forgeries.
//
// # Limits
//
// Memory: at most two tables for each processor, fewer if they are large; 16 bytes, in
// a map some 20 to 40, for each account that has a record in the part that is checked;
// and 32 for each record of the parts under way. Accounts are told apart by a keyed
// hash of 64 bits: of 10,000,000 accounts two have the same with a probability of 1 in
// 370,000, and would then be taken for a fault.
package verify

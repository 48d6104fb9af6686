// Package public writes records in the form that other programs read: each as one
// CloudEvents 1.0 object in JSON, whose types, fields and rules are published in
// docs/schema. It is derived when a record is read; the log has nothing of it.
//
//	encoder := public.NewEncoder(public.SourceOf(info), public.SourceOf(preInfo), public.Options{})
//	for st, err := range log.Follow(ctx, after) {
//		who, err := pseudonyms.Of(ctx, st)
//		line = append(encoder.Append(line[:0], st, who), '\n')
//	}
//
// Every record has a form: one of a kind that this build does not know is a log.unknown, and
// one that can't be decoded a log.damaged. So in the events written of a log without gaps
// the sequences have none either.
//
// [Types] is the one list of types, their classes and their fields. The schemas, filters and
// whatever else speaks of them is checked against it.
//
// An Encoder is pure, allocates nothing if there is room, and may be used by any
// goroutine. A record takes about a microsecond.
package public

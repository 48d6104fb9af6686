package events

import (
	"errors"
	"iter"
)

// Intact gives the records of a reading that can be decoded, and passes over
// the others, as every fold does. Errors other than a *PoisonError stay.
func Intact(reading iter.Seq2[*Stored, error]) iter.Seq2[*Stored, error] {
	return func(yield func(*Stored, error) bool) {
		for st, err := range reading {
			if !IsPoison(err) && !yield(st, err) {
				return
			}
		}
	}
}

// IsPoison reports the error of a record that every reader passes over.
func IsPoison(err error) bool {
	_, is := errors.AsType[*PoisonError](err)
	return is
}

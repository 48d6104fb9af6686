package settings

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// A Fault is one thing that is wrong with a configuration file.
type Fault struct {
	File string
	Line int // from 1; 0 if it is about no line
	Err  error
}

func (f *Fault) Error() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %v", f.File, f.Err)
	}
	return fmt.Sprintf("%s:%d: %v", f.File, f.Line, f.Err)
}

func (f *Fault) Unwrap() error { return f.Err }

// A KeyError is an error about one key of a section, for [Section.Check].
type KeyError struct {
	Key string
	Err error
}

func (e *KeyError) Error() string { return fmt.Sprintf("%s: %v", e.Key, e.Err) }

func (e *KeyError) Unwrap() error { return e.Err }

// Each lists the errors that one was joined from, however deep, in their order.
func Each(err error) (all []error) {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range joined.Unwrap() {
			all = append(all, Each(e)...)
		}
		return all
	}
	if err != nil {
		all = append(all, err)
	}
	return all
}

// Join joins faults in the order of their lines; those that are about no line come
// first.
func Join(faults ...error) error {
	faults = slices.Clone(faults)
	slices.SortStableFunc(faults, func(a, b error) int { return cmp.Compare(lineOf(a), lineOf(b)) })
	return errors.Join(faults...)
}

func lineOf(err error) int {
	var f *Fault
	if errors.As(err, &f) {
		return f.Line
	}
	return 0
}

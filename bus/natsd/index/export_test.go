package index

import (
	"fmt"
	"slices"
	"strings"
)

// Dump shows what an index of the stream says, its subjects in order.
func Dump(stream string, buf []byte) (string, error) {
	x, err := decode(stream, buf)
	if err != nil {
		return "", err
	}
	var subjects []string
	r := &reader{buf: x.table}
	for range x.subjects {
		name, n := r.subject()
		subjects = append(subjects, fmt.Sprintf("%s %+v", name, n))
	}
	slices.Sort(subjects)
	x.table = nil
	return fmt.Sprintf("%+v\n%s", *x, strings.Join(subjects, "\n")), nil
}

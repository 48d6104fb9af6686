package stats

import "strings"

// other is what names count as when there are too many.
const other = "other"

// words keeps one copy of each of the first MaxNames names that it is given, for records
// end with their messages.
type words map[string]string

// of is the name as it is counted. It allocates nothing for one that is known.
func (w words) of(name string) string {
	if known, ok := w[name]; ok {
		return known
	}
	if len(w) >= MaxNames {
		return other
	}
	name = strings.Clone(name)
	w[name] = name
	return name
}

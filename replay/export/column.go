package export

// A kind says what a column's values are, and with that how each format writes them.
type kind uint8

const (
	word    kind = iota // text that comes again and again: dictionary-coded
	unique              // text that does not
	counter             // an unsigned number
	number              // a signed one
	instant             // Unix nanoseconds, written in microseconds of UTC
	flag                // true or false
)

// A column is one of a table's. Its values may be missing in any row, but for those of
// required ones.
type column struct {
	name     string
	kind     kind
	required bool
	bloom    bool // questions for one value are asked of it
}

// A value is one cell of a row. The zero value is a missing one.
type value struct {
	text   string // of words and uniques
	number int64  // of all others; 0 and 1 of flags
	set    bool
}

func textOf(s string) value      { return value{text: s, set: s != ""} }
func numberOf(n int64) value     { return value{number: n, set: true} }
func counterOf(n uint64) value   { return value{number: int64(n), set: true} }
func instantOf(nano int64) value { return value{number: nano, set: nano != 0} }

func flagOf(is bool) value {
	if is {
		return value{number: 1, set: true}
	}
	return value{set: true}
}

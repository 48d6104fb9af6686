package roles

// A Limit is something of which a role may have less, or more, than others.
type Limit uint8

// The limits, each with the greatest value that a role may be given.
const (
	Logins   Limit = iota // logins of an account a minute, five minutes' worth of them at once
	Sessions              // connected resources of an account
	Stored                // bytes that an account stores and publishes
	limits                // how many there are
)

var limitNames = [limits]string{
	Logins: "logins", Sessions: "sessions", Stored: "stored",
}

// limitMax are what the service holds at most; see docs/design.md.
var limitMax = [limits]int{
	Logins: 1_000_000, Sessions: 100, Stored: 448 << 10,
}

// String is the name.
func (l Limit) String() string { return limitNames[l] }

func limit(name string) (Limit, bool) {
	for l, n := range limitNames {
		if n == name {
			return Limit(l), true
		}
	}
	return 0, false
}

// Usual stands in a Definition for the service's own limit.
const Usual = -1

// Unsaid marks a limit of which neither a role nor what it inherits from says anything.
const Unsaid = -2

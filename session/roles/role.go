package roles

import (
	"fmt"
	"slices"
	"strings"
)

// The names of the roles that are built in.
const (
	Guest      = "guest"
	Registered = "registered"
	Member     = "member"
	Admin      = "admin"
	Operator   = "operator"
)

// Default is the role of an account of which nothing else is said.
const Default = Member

// MaxName is the greatest length of a role's name, in bytes.
const MaxName = 32

// A Role is what its sessions may do, with the permissions that it inherits. A nil Role
// may do nothing.
type Role struct {
	name      string
	allowed   uint64 // a bit for each Permission
	limits    [limits]int
	inherited []string // all that it inherits from, directly or not
}

// Name is the role's name, "" for nil.
func (r *Role) Name() string {
	if r == nil {
		return ""
	}
	return r.name
}

// May reports that the role allows it.
func (r *Role) May(p Permission) bool { return r != nil && r.allowed&(1<<p) != 0 }

// Covers reports that the role allows all that the other one does, so that whoever has the
// other one loses nothing by it.
func (r *Role) Covers(other *Role) bool {
	return other == nil || r != nil && other.allowed&^r.allowed == 0
}

// String lists what the role allows, for people.
func (r *Role) String() string {
	var names []string
	for p := range Permissions() {
		if r.May(p) {
			names = append(names, p.String())
		}
	}
	return strings.Join(names, ", ")
}

// Limit is the role's own limit, or usual if it has none. That of a nil Role is 0.
func (r *Role) Limit(l Limit, usual int) int {
	switch {
	case r == nil:
		return 0
	case r.limits[l] < 0:
		return usual
	}
	return r.limits[l]
}

// Inherits lists the roles that it inherits from, directly or not.
func (r *Role) Inherits() []string {
	if r == nil {
		return nil
	}
	return slices.Clone(r.inherited)
}

// CheckName refuses what can't be a role's name: anything but lower-case letters of ASCII,
// digits and hyphens, or a hyphen first, or more than MaxName.
func CheckName(name string) error {
	ok := name != "" && len(name) <= MaxName && name[0] != '-'
	for _, c := range []byte(name) {
		ok = ok && ('a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-')
	}
	if !ok {
		return fmt.Errorf("%q can't be a role's name: give up to %d of a-z, 0-9 and -", name, MaxName)
	}
	return nil
}

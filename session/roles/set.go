package roles

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Definition is a role as configuration has it: one of its own, or a change to one that
// is built in, which then keeps what it inherits.
type Definition struct {
	Name     string         `json:"name"`
	Inherits []string       `json:"inherits,omitempty"`
	Allow    []string       `json:"allow,omitempty"`  // beyond what it inherits, by the names of permissions
	Deny     []string       `json:"deny,omitempty"`   // of the permissions that it inherits, or that are built in
	Limits   map[string]int `json:"limits,omitempty"` // by the names of limits; Usual is the service's own. Without one, the first of Inherits says
}

// builtIn are the roles that there are without any configuration, each after those that
// it inherits from.
var builtIn = []Definition{
	{Name: Guest, Allow: []string{"message"}, Limits: map[string]int{"sessions": 1, "stored": 0}},
	{Name: Registered, Inherits: []string{Guest},
		Allow:  []string{"request", "direct-presence", "roster", "block", "store", "publish", "wait", "own-account"},
		Limits: map[string]int{"sessions": Usual, "stored": Usual}},
	{Name: Member, Inherits: []string{Registered}, Allow: []string{"commands"}},
	{Name: Admin, Inherits: []string{Member}, Allow: []string{"see-sessions", "end-sessions", "register", "announce", "disable", "ban"}},
	{Name: Operator, Inherits: []string{Admin}, Allow: []string{"set-roles"}},
}

// A Set is all the roles of a service. It never changes.
type Set struct {
	byName map[string]*Role
	order  []*Role
}

// New returns the built-in roles as the definitions change them, with those that they add.
// They may be in any order. The error says all that is wrong with them.
func New(defs ...Definition) (*Set, error) {
	all, errs := merge(defs)
	s := &Set{byName: make(map[string]*Role, len(all))}
	for _, d := range all {
		errs = append(errs, s.resolve(all, d, nil))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// Standard returns the built-in roles alone.
func Standard() *Set {
	s, err := New()
	if err != nil {
		panic(fmt.Sprintf("roles: %v", err)) // the table above is wrong
	}
	return s
}

// merge puts the definitions over the built-in roles.
func merge(defs []Definition) (all []Definition, errs []error) {
	all = slices.Clone(builtIn)
	seen := make(map[string]bool)
	for _, d := range defs {
		i := slices.IndexFunc(all, func(o Definition) bool { return o.Name == d.Name })
		err := CheckName(d.Name)
		switch {
		case err == nil && seen[d.Name]:
			err = fmt.Errorf("the role %s is defined twice", d.Name)
		case err == nil && i >= 0 && len(d.Inherits) > 0:
			err = fmt.Errorf("the role %s is built in and can't inherit from others; give it permissions, or define another role", d.Name)
		}
		seen[d.Name] = true
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if i < 0 {
			all = append(all, d)
			continue
		}
		all[i] = Definition{d.Name, all[i].Inherits, slices.Concat(all[i].Allow, d.Allow), d.Deny, over(all[i].Limits, d.Limits)}
	}
	return all, errs
}

// over is the one map with the other's values in it.
func over(base, top map[string]int) map[string]int {
	both := maps.Clone(top)
	for k, v := range base {
		if _, ok := both[k]; !ok {
			if both == nil {
				both = make(map[string]int)
			}
			both[k] = v
		}
	}
	return both
}

// resolve makes the role of a definition, and before it those that it inherits from. heirs
// are those that it is made for.
func (s *Set) resolve(all []Definition, d Definition, heirs []string) error {
	if s.byName[d.Name] != nil {
		return nil
	}
	if slices.Contains(heirs, d.Name) {
		return fmt.Errorf("the role %s inherits from itself, by %s", d.Name, strings.Join(heirs[1:], ", "))
	}
	r := &Role{name: d.Name}
	for l := range r.limits {
		r.limits[l] = Unsaid
	}
	for _, name := range d.Inherits {
		i := slices.IndexFunc(all, func(o Definition) bool { return o.Name == name })
		if i < 0 {
			return fmt.Errorf("the role %s inherits from %s, which is no role", d.Name, name)
		}
		if err := s.resolve(all, all[i], append(heirs, d.Name)); err != nil {
			return err
		}
		r.inherit(s.byName[name])
	}
	if err := r.apply(d); err != nil {
		return err
	}
	s.byName[r.name] = r
	s.order = append(s.order, r)
	return nil
}

func (r *Role) inherit(from *Role) {
	r.allowed |= from.allowed
	for _, name := range append([]string{from.name}, from.inherited...) {
		if !slices.Contains(r.inherited, name) {
			r.inherited = append(r.inherited, name)
		}
	}
	for l, v := range from.limits {
		if r.limits[l] == Unsaid {
			r.limits[l] = v
		}
	}
}

// apply adds what a definition says itself.
func (r *Role) apply(d Definition) error {
	var errs []error
	bits := func(names []string) (set uint64) {
		for _, name := range names {
			p, ok := permission(name)
			if !ok {
				errs = append(errs, fmt.Errorf("the role %s: there is no permission %q; there are %s", d.Name, name, strings.Join(permissionNames[1:], ", ")))
			}
			set |= 1 << p
		}
		return set
	}
	allow, deny := bits(d.Allow), bits(d.Deny)
	r.allowed = (r.allowed | allow) &^ deny
	for _, name := range slices.Sorted(maps.Keys(d.Limits)) {
		errs = append(errs, r.bound(name, d.Limits[name]))
	}
	return errors.Join(errs...)
}

func (r *Role) bound(name string, value int) error {
	l, ok := limit(name)
	switch {
	case !ok:
		return fmt.Errorf("the role %s: there is no limit %q; there are %s", r.name, name, strings.Join(limitNames[:], ", "))
	case value != Usual && (value < 0 || value > limitMax[l]):
		return fmt.Errorf("the role %s: %s = %d is not between 0 and %d, nor %d for the usual one", r.name, name, value, limitMax[l], Usual)
	}
	r.limits[l] = value
	return nil
}

// Role finds a role by its name; nil, which may do nothing, if there is none. "" is
// Default.
func (s *Set) Role(name string) *Role { return s.byName[cmp.Or(name, Default)] }

// May reports that there is such a role and that it allows it.
func (s *Set) May(role string, p Permission) bool { return s.Role(role).May(p) }

// All lists the roles, each after those that it inherits from. The slice must not be
// changed.
func (s *Set) All() []*Role { return s.order }

// Assumable lists the roles that a session of an account may have, its primary role
// first: that, the further ones, and those of the roles that these inherit from which
// allow no more than the heir does: what is denied to a role is not to be had by what it
// inherits. Names that are no role are left out.
func (s *Set) Assumable(primary string, further []string) (list []*Role) {
	for _, name := range append([]string{cmp.Or(primary, Default)}, further...) {
		r := s.byName[name]
		for _, n := range append([]string{name}, r.Inherits()...) {
			if o := s.byName[n]; o != nil && r.Covers(o) && !slices.Contains(list, o) {
				list = append(list, o)
			}
		}
	}
	return list
}

// String lists the names, for people.
func (s *Set) String() string {
	var names []string
	for _, r := range s.order {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}

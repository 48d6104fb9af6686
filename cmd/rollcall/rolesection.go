package main

import (
	"github.com/spf13/pflag"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
	"github.com/rollcall-xmpp/rollcall/session/roles"
)

// A rolebook has the roles that the configuration file defines, in the sections
// [role.NAME].
type rolebook struct {
	tables  []*roleTable
	defined []roles.Definition
	set     *roles.Set // nil: those that are built in
	faulty  bool       // a table is, which was told with its line
}

// A roleTable is one section while it is read.
type roleTable struct {
	roles.Definition
	logins, sessions, stored int

	keys *pflag.FlagSet
}

func (b *rolebook) section() settings.Section {
	return settings.Section{
		Kind: "role", Name: "NAME", Means: "what a role of accounts allows",
		Define: func(name string, f *pflag.FlagSet) {
			t := &roleTable{Definition: roles.Definition{Name: name}, keys: f}
			b.tables = append(b.tables, t)
			f.StringSliceVar(&t.Inherits, "inherits", nil, "`ROLES` that it has all permissions of")
			f.StringSliceVar(&t.Allow, "allow", nil, "`PERMISSIONS` beyond those")
			f.StringSliceVar(&t.Deny, "deny", nil, "`PERMISSIONS` that it does not have all the same")
			const otherwise = "; -1: as the service's own limit. Without this it is as that of the first of inherits"
			f.IntVar(&t.logins, "logins", roles.Usual, "`N` logins of an account a minute"+otherwise)
			f.IntVar(&t.sessions, "sessions", roles.Usual, "`N` sessions of an account"+otherwise)
			f.IntVar(&t.stored, "stored", roles.Usual, "`BYTES` that an account stores and publishes"+otherwise)
		},
		Check: func(string) error {
			d := b.tables[len(b.tables)-1].definition()
			d.Inherits = nil // from roles that may stand below
			_, err := roles.New(d)
			b.faulty = b.faulty || err != nil
			return err
		},
	}
}

// complete puts all of them together, for one may inherit from another below it.
func (b *rolebook) complete() (err error) {
	if b.faulty {
		return nil
	}
	b.defined = nil
	for _, t := range b.tables {
		b.defined = append(b.defined, t.definition())
	}
	if b.set, err = roles.New(b.defined...); err != nil {
		return usageError{err}
	}
	return nil
}

func (t *roleTable) definition() roles.Definition {
	d := t.Definition
	d.Limits = make(map[string]int)
	for name, n := range map[string]int{"logins": t.logins, "sessions": t.sessions, "stored": t.stored} {
		if t.keys.Changed(name) {
			d.Limits[name] = n
		}
	}
	return d
}

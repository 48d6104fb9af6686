package main

import (
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
)

// sections are the tables that a configuration file may have, each declared by its
// owner. They are read into c.
func (c *Config) sections() []settings.Section {
	return []settings.Section{c.Users.Section(), c.accounts.section()}
}

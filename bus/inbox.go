package bus

import (
	"os"

	"github.com/nats-io/nkeys"
)

// inbox is what the subjects of a user's answers begin with, so that permissions can tell them
// from others': _INBOX and by what the server knows the user, an nkey or a name. Where they
// do not, it is one inbox like any other. "": nothing is known of the user.
func (c *Credentials) inbox() string {
	const all = "_INBOX."
	file := c.Seed
	switch {
	case c.File != "":
		file = c.File
	case c.Seed == "" && c.User != "":
		return all + token(c.User)
	case c.Seed == "":
		return ""
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	key, err := nkeys.ParseDecoratedNKey(text)
	if err != nil {
		return ""
	}
	public, err := key.PublicKey()
	if err != nil {
		return ""
	}
	return all + public
}

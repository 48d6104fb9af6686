package natsconf

import (
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
)

//go:embed nats.conf
var confText string

var conf = template.Must(template.New("nats.conf").Parse(confText))

// A page is what a node's file is made of.
type page struct {
	*Config
	Node
	Number, Of int
	Until      string // certificates are good until then
	Users      []granted
	System     string // public key
	Feed       feed
}

// granted is a user with its permissions.
type granted struct {
	user
	Key string
	bus.Permissions
}

// feed is the user of an account of its own, and what that is given of the other.
type feed struct {
	Name, Password string
	bus.Permissions
}

// An asked subject is one of the other account that is asked by way of another.
type asked struct{ Subject, Mapped, To string }

// Asked are the subjects that the other account gives.
func (f feed) Asked() (all []asked) {
	for _, subject := range f.Publish {
		a := asked{Subject: subject, Mapped: "feeds." + subject, To: "feeds." + subject}
		if rest, ok := strings.CutSuffix(a.Mapped, "*"); ok {
			a.Mapped = rest + "{{wildcard(1)}}"
		}
		all = append(all, a)
	}
	return all
}

// Write writes a file for each node and, beside them, keys and certificates. It makes the
// directory if need be. kept is how many keys and passwords were there already.
func (c *Config) Write(dir string) (kept int, err error) {
	if err := c.Check(); err != nil {
		return 0, err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return 0, err
	}
	if c.Path == "" {
		if c.Path, err = filepath.Abs(dir); err != nil {
			return 0, err
		}
	}
	now := time.Now()
	signer, err := openAuthority(dir, now)
	if err != nil {
		return 0, err
	}
	s, kept, err := makeSecrets(dir)
	if err != nil {
		return 0, err
	}
	for i, n := range c.Nodes {
		if err := signer.sign(dir, n, now); err != nil {
			return 0, err
		}
		var text bytes.Buffer
		if err := c.render(&text, i, s, now); err != nil {
			return 0, err
		}
		if err := writeFile(filepath.Join(dir, n.File()), text.Bytes(), publicMode); err != nil {
			return 0, err
		}
	}
	return kept, nil
}

// Print shows the configurations, without keys, to be looked at.
func (c *Config) Print(w io.Writer) error {
	if err := c.Check(); err != nil {
		return err
	}
	if c.Path == "" {
		c.Path = "/etc/nats"
	}
	for i := range c.Nodes {
		if err := c.render(w, i, exampleSecrets(), time.Now()); err != nil {
			return err
		}
	}
	return nil
}

func (c *Config) render(w io.Writer, node int, s *secrets, now time.Time) error {
	p := page{
		Config: c, Node: c.Nodes[node], Number: node + 1, Of: len(c.Nodes), Until: now.Add(valid).Format(time.DateOnly),
		System: s.keys[systemUser], Feed: feed{feedUser, s.password, bus.PermissionsOf(bus.RoleFeed)},
	}
	for _, u := range users {
		p.Users = append(p.Users, granted{u, s.keys[u.Name], bus.PermissionsOf(u.Roles...)})
	}
	if err := conf.Execute(w, p); err != nil {
		return fmt.Errorf("%s: %w", p.Node.File(), err)
	}
	return nil
}

// Others are the routes of a node.
func (p page) Others() (routes []string) {
	for i, n := range p.Nodes {
		if i != p.Number-1 {
			routes = append(routes, n.Route())
		}
	}
	return routes
}

// StoreDir is the node's directory of JetStream.
func (p page) StoreDir() string { return p.storeOf(p.Node) }

// At is a file where the servers find it.
func (p page) At(name string) string { return p.at(name) }

// Size is a number of bytes as the servers read it, in a unit that people do.
func (p page) Size() string {
	for _, unit := range []struct {
		bytes int64
		name  string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if p.MaxFile%unit.bytes == 0 {
			return fmt.Sprint(p.MaxFile/unit.bytes, unit.name)
		}
	}
	return fmt.Sprint(p.MaxFile)
}

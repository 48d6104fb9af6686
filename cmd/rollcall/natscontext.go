package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall-xmpp/rollcall/bus"
)

// A natsContext is the part that is used of a file in which the program nats keeps how to
// connect (NATS ADR-21).
type natsContext struct {
	URL      string `json:"url"`
	Creds    string `json:"creds"`
	NKey     string `json:"nkey"`
	User     string `json:"user"`
	Password string `json:"password"`
	Token    string `json:"token"`
	CA       string `json:"ca"`
	Cert     string `json:"cert"`
	Key      string `json:"key"`
	TLSFirst bool   `json:"tls_first"`
	Inbox    string `json:"inbox_prefix"`

	// These would lead elsewhere than to the streams.
	JWT    string `json:"user_jwt"`
	NSC    string `json:"nsc"`
	Proxy  string `json:"socks_proxy"`
	Domain string `json:"jetstream_domain"`
	Prefix string `json:"jetstream_api_prefix"`
}

// readContext reads the context of a name, from $XDG_CONFIG_HOME/nats/context or ~/.config.
func readContext(name string) (cfg bus.Config, err error) {
	if strings.ContainsAny(name, `/\`) || strings.Contains(name, "..") {
		return cfg, fmt.Errorf("%q is no name of a context", name)
	}
	home, err := os.UserConfigDir()
	if err != nil {
		return cfg, err
	}
	path := filepath.Join(home, "nats", "context", name+".json")
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return cfg, fmt.Errorf("there is no context %q in %s", name, filepath.Dir(path))
	}
	if err != nil {
		return cfg, err
	}
	var c natsContext
	if err := json.Unmarshal(text, &c); err != nil {
		return cfg, fmt.Errorf("%s: %w", path, err)
	}
	for _, unsupported := range []struct{ key, value string }{
		{"user_jwt", c.JWT}, {"nsc", c.NSC}, {"socks_proxy", c.Proxy}, {"jetstream_domain", c.Domain}, {"jetstream_api_prefix", c.Prefix},
	} {
		if unsupported.value != "" {
			return cfg, fmt.Errorf("%s has %s, which rollcall can't use", path, unsupported.key)
		}
	}
	cfg.URL, cfg.Inbox = c.URL, c.Inbox
	if cfg.URL == "" {
		cfg.URL = defaultNATS
	}
	cfg.Credentials = bus.Credentials{
		CA: expand(c.CA), Cert: expand(c.Cert), Key: expand(c.Key), TLSFirst: c.TLSFirst,
	}
	// In the order in which nats itself takes them.
	switch {
	case c.User != "":
		cfg.Credentials.User, cfg.Credentials.Password = c.User, c.Password
	case c.Creds != "":
		cfg.Credentials.File = expand(c.Creds)
	case c.NKey != "":
		cfg.Credentials.Seed = expand(c.NKey)
	default:
		cfg.Credentials.Token = c.Token
	}
	return cfg, nil
}

// expand reads a path as nats does: ~ is the user's home, and $NAME is of the environment.
func expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		path = filepath.Join("$HOME", rest)
	}
	return os.ExpandEnv(path)
}

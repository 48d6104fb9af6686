package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/nearby"
)

// A natsAccess is which NATS is used and what it is shown: the flags that up and every other
// verb has. Each has a variable of the environment, too.
type natsAccess struct {
	url          string
	context      string // name of one that the program nats keeps
	creds, nkey  string // files
	user         string
	passwordFile string
	ca           string // PEM files
	cert, key    string

	discovered string // by config: the file that told of a service of this user on this machine, whose key is used

	given func(flag string) bool
	// visible reports that the URL is on the command line, which everybody can read.
	visible func() bool
}

// passwordVariable is the only way to give a password that is in no file: command lines are
// for everybody to read.
const passwordVariable = "ROLLCALL_NATS_PASSWORD"

// define adds all flags but --nats.
func (a *natsAccess) define(cmd *cobra.Command, f *pflag.FlagSet) {
	a.given = f.Changed
	a.visible = func() bool { return f.Changed("nats") }
	f.StringVar(&a.context, "nats-context", "", "`NAME` of a context of the program nats: URL and\ncredentials")
	f.StringVar(&a.creds, "creds", "", "`FILE` with credentials for --nats")
	f.StringVar(&a.nkey, "nkey", "", "`FILE` with the seed of an nkey for --nats")
	f.StringVar(&a.user, "nats-user", "", "`NAME` for --nats, with --nats-passfile or\n"+passwordVariable)
	f.StringVar(&a.passwordFile, "nats-passfile", "", "`FILE` with the password")
	f.StringVar(&a.ca, "nats-ca", "", "PEM `FILE` of the authority of --nats")
	f.StringVar(&a.cert, "nats-cert", "", "client certificate for --nats, PEM `FILE`")
	f.StringVar(&a.key, "nats-key", "", "its private key, PEM `FILE`")
	for _, name := range []string{"creds", "nkey", "nats-passfile", "nats-ca", "nats-cert", "nats-key"} {
		cmd.RegisterFlagCompletionFunc(name, completeFiles)
	}
}

// validate checks what can be without looking anywhere. Errors are usage.
func (a *natsAccess) validate() error {
	if hasSecret(a.url) && a.visible() {
		return usagef("--nats: everybody on this machine can read a password on a command line: give --nats-user and --nats-passfile or %s, or the URL in ROLLCALL_NATS", passwordVariable)
	}
	ways := 0
	for _, given := range []string{a.creds, a.nkey, a.user} {
		if given != "" {
			ways++
		}
	}
	switch {
	case ways > 1:
		return usagef("--creds, --nkey and --nats-user are for the same: give one")
	case a.passwordFile != "" && a.user == "":
		return usagef("--nats-passfile is for --nats-user")
	case (a.cert == "") != (a.key == ""):
		return usagef("--nats-cert and --nats-key go together")
	}
	return nil
}

// hasSecret reports that one of some URLs has a password, or a token.
func hasSecret(urls string) bool {
	for text := range strings.SplitSeq(urls, ",") {
		if !strings.Contains(text, "://") {
			text = "nats://" + text
		}
		if u, err := url.Parse(strings.TrimSpace(text)); err == nil && u.User != nil || err != nil && strings.Contains(text, "@") {
			return true
		}
	}
	return false
}

// named is the first flag that says how to connect; "" if none does.
func (a *natsAccess) named() string {
	for _, f := range []struct{ flag, value string }{
		{"--creds", a.creds}, {"--nkey", a.nkey}, {"--nats-user", a.user}, {"--nats-ca", a.ca}, {"--nats-cert", a.cert},
	} {
		if f.value != "" {
			return f.flag
		}
	}
	return ""
}

// config is how to connect. Without credentials it is looked up whether they are known, for a
// service of this user on this machine.
func (a *natsAccess) config() (cfg bus.Config, err error) {
	if a.context != "" {
		if cfg, err = readContext(a.context); err != nil {
			return cfg, change("--nats-context", err)
		}
	}
	if a.url != "" && (a.context == "" || a.given("nats")) {
		cfg.URL = a.url
	}
	c := &cfg.Credentials
	switch {
	case a.creds != "":
		c.File, c.Seed, c.User, c.Password, c.Token = a.creds, "", "", "", ""
	case a.nkey != "":
		c.File, c.Seed, c.User, c.Password, c.Token = "", a.nkey, "", "", ""
	case a.user != "":
		password, err := a.password()
		if err != nil {
			return cfg, change("--nats-passfile", err)
		}
		c.File, c.Seed, c.User, c.Password, c.Token = "", "", a.user, password, ""
	}
	if a.ca != "" {
		c.CA = a.ca
	}
	if a.cert != "" {
		c.Cert, c.Key = a.cert, a.key
	}
	if err := a.checkSecrets(c); err != nil {
		return cfg, err
	}
	if !c.Given() && !hasSecret(cfg.URL) {
		return cfg, a.discover(&cfg)
	}
	return cfg, nil
}

// discover takes the key of a service that is known to listen at the URL. That there is none is
// no error: NATS may want none.
func (a *natsAccess) discover(cfg *bus.Config) error {
	s, err := nearby.Find(cfg.URL)
	if errors.Is(err, nearby.ErrNotOurs) {
		return &flagError{flag: "run this as that user or root, or name credentials with --nkey", err: err}
	}
	if err == nil {
		a.discovered = s.Entry
		cfg.Inbox = bus.OwnInbox
		cfg.Credentials.Seed, cfg.Credentials.Pin = s.Key, s.Certificate
	}
	return nil
}

func (a *natsAccess) password() (string, error) {
	if a.passwordFile == "" {
		return os.Getenv(passwordVariable), nil
	}
	info, err := os.Stat(a.passwordFile)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("others can read %s (mode %s); chmod 600 it", a.passwordFile, info.Mode().Perm())
	}
	text, err := os.ReadFile(a.passwordFile)
	return strings.TrimRight(string(text), "\r\n"), err
}

// explain turns a failure to connect into one line that names the flag which mends it.
func (a *natsAccess) explain(ctx context.Context, err error, unreachable string) error {
	hint := func(flag string) error { return &flagError{flag: flag, err: err} }
	switch {
	case err == nil, ctx.Err() != nil, errors.As(err, new(*flagError)):
		return err
	case errors.Is(err, bus.ErrNoCredentials):
		return hint("run this as the user who runs rollcall up, or name them: --nkey DATA/nats.nk, --creds, --nats-user or --nats-context")
	case errors.Is(err, bus.ErrRefused) && a.discovered != "":
		return hint("the key that is known for this address does not fit: start this again, name the key with --nkey, or remove " + a.discovered)
	case errors.Is(err, bus.ErrRefused), errors.Is(err, bus.ErrExpired), errors.Is(err, bus.ErrCredentials):
		return hint("change " + a.way())
	case errors.As(err, new(x509.HostnameError)):
		return hint("change --nats to a name that is in it")
	case errors.Is(err, bus.ErrUntrusted):
		return hint("name its authority with --nats-ca")
	case errors.Is(err, bus.ErrWantsCertificate):
		return hint("change --nats-cert and --nats-key")
	case errors.Is(err, bus.ErrNoTLS):
		return hint("change --nats: nats:// in place of tls://, without --nats-ca and --nats-cert")
	case errors.Is(err, bus.ErrUnreachable):
		return hint(unreachable)
	}
	return err
}

// way is the flag from which the credentials come.
func (a *natsAccess) way() string {
	switch {
	case a.creds != "":
		return "--creds"
	case a.nkey != "":
		return "--nkey"
	case a.user != "":
		return "--nats-user or its password"
	case a.context != "":
		return "--nats-context"
	case a.cert != "":
		return "--nats-cert"
	}
	return "--nats"
}

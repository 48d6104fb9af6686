package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/rollcall-xmpp/rollcall/bus"
)

// checkSecrets refuses files that others can use. Reading is granted to a group: services
// under a user of their own, and Kubernetes, hand their secrets over so. One that is not
// there is told of where it is used.
func (a *natsAccess) checkSecrets(c *bus.Credentials) error {
	for _, s := range []struct{ path, flag, own string }{
		{c.File, "--creds", a.creds}, {c.Seed, "--nkey", a.nkey}, {c.Key, "--nats-key", a.key},
	} {
		if s.path == "" {
			continue
		}
		info, err := os.Stat(s.path)
		if err != nil || info.Mode().Perm()&0o037 == 0 {
			continue
		}
		if s.own == "" {
			s.flag = "--nats-context"
		}
		return change(s.flag, fmt.Errorf("others can use %s (mode %04o): chmod 600 it, or have a new one made if they may have read it", s.path, info.Mode().Perm()))
	}
	return nil
}

// checkFiles refuses credentials that can't be used, or that others can.
func (a *natsAccess) checkFiles() error {
	faults := []error{a.checkSecrets(&bus.Credentials{File: a.creds, Seed: a.nkey, Key: a.key})}
	for _, part := range []struct {
		flag string
		bus.Credentials
	}{
		{"--creds", bus.Credentials{File: a.creds}}, {"--nkey", bus.Credentials{Seed: a.nkey}}, {"--nats-ca", bus.Credentials{CA: a.ca}},
		{"--nats-cert and --nats-key", bus.Credentials{Cert: a.cert, Key: a.key}},
	} {
		if err := part.Check(); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", part.flag, err))
		}
	}
	return errors.Join(faults...)
}

// lostHint says what may be down when nobody answers: the server in "rollcall up" is on this
// machine, without TLS for those who are there, too.
func lostHint(cfg bus.Config) string {
	text := cfg.URL
	if !strings.Contains(text, "://") {
		text = "nats://" + text
	}
	u, err := url.Parse(text)
	if err == nil && !strings.Contains(cfg.URL, ",") && u.Scheme == "nats" {
		if ip := net.ParseIP(u.Hostname()); u.Hostname() == "localhost" || ip != nil && ip.IsLoopback() {
			return "is rollcall up running? otherwise change --nats"
		}
	}
	return "is the NATS server there running? otherwise change --nats"
}

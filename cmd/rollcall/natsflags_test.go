package main

import (
	"errors"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/nearby"
)

// existing is how the verbs connect to a running service.
func existing(t *testing.T, url string) bus.Config {
	t.Helper()
	at := natsAccess{url: url}
	cfg, err := at.config()
	if err != nil {
		t.Fatal(err)
	}
	cfg.Existing = true
	return cfg
}

// loginOptions are those with which the client of NATS gets in as the verbs do.
func loginOptions(url string) ([]nats.Option, error) {
	s, err := nearby.Find(url)
	if errors.Is(err, nearby.ErrNone) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	seed, err := nats.NkeyOptionFromSeed(s.Key)
	return []nats.Option{seed}, err
}

func login(t *testing.T, url string) []nats.Option {
	t.Helper()
	opts, err := loginOptions(url)
	if err != nil {
		t.Fatal(err)
	}
	return opts
}

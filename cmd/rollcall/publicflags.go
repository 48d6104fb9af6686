package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/publisher"
	"github.com/rollcall-xmpp/rollcall/replay"
)

// publicFlags are what the role publisher publishes, and for how long that is kept. Unlike the
// log's its limits can be changed by a start, for the events that go are in the log.
type publicFlags struct {
	size, age, addresses string // as they were given

	limits bus.PublicLimits // once validated
	form   publisher.Addresses
}

// leastPublic is some thousand events.
const leastPublic = 2 << 20

func (p *publicFlags) define(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&p.size, "public-max-bytes", "", "`SIZE` of what the role publisher keeps published\n(default: 4GiB, or a quarter of the log)")
	f.StringVar(&p.age, "public-max-age", "", "`AGE` after which it goes (default: 7d)")
	f.StringVar(&p.addresses, "public-addresses", string(publisher.Networks), "`HOW` much of clients' addresses it has: full,\nnetwork or none")
}

func (p *publicFlags) validate(publishes bool) (err error) {
	if p.form, err = publisher.ParseAddresses(p.addresses); err != nil {
		return usagef("--public-addresses: %w", err)
	}
	if !publishes && (p.size+p.age != "" || p.form != publisher.Networks) {
		return usagef("--public-max-bytes, --public-max-age and --public-addresses are for the role publisher; name it in --roles")
	}
	if p.size != "" {
		if p.limits.MaxBytes, err = parseSize(p.size); err != nil {
			return usagef("--public-max-bytes: %w", err)
		}
		if p.limits.MaxBytes < leastPublic {
			return usagef("--public-max-bytes: %s is less than %s", p.size, sizeText(leastPublic))
		}
	}
	if p.age != "" {
		d, err := replay.ParseDuration(p.age)
		if err != nil || d < time.Minute {
			return usagef("--public-max-age: %q is no age: try 7d or 12h", p.age)
		}
		p.limits.MaxAge = d
	}
	return nil
}

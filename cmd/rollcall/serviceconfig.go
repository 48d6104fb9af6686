package main

import (
	"net"
	"net/netip"
	"os"

	"github.com/spf13/pflag"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/settings"
)

// A serviceConfig is what a verb takes from the configuration file of rollcall up:
// where NATS is, and how to get in.
type serviceConfig struct {
	path  string
	flags *pflag.FlagSet // of the verb
}

func (c *serviceConfig) define(f *pflag.FlagSet) {
	c.flags = f
	f.StringVar(&c.path, "config", os.Getenv(settings.Variable("config")), "TOML `FILE` of rollcall up, with these flags")
	f.Lookup("config").DefValue = ""
	f.Lookup("config").Hidden = true // "rollcall help nats" has it
}

// read gives the flags their values that neither the command line nor the environment
// has given. fromFile reports that the URL is among them.
func (c *serviceConfig) read() (fromFile bool, err error) {
	if c.path == "" {
		return false, nil
	}
	cfg, up := blankConfig([]string{c.path})
	if err := cfg.load(up.Flags(), func(string) string { return "" }); err != nil {
		return false, err
	}
	for _, name := range natsFlags {
		from, to := up.Flags().Lookup(name), c.flags.Lookup(name)
		if !from.Changed || to.Changed || os.Getenv(settings.Variable(name)) != "" {
			continue
		}
		if err := to.Value.Set(from.Value.String()); err != nil {
			return false, err
		}
		to.Changed = true
		fromFile = fromFile || name == "nats"
	}
	if to := c.flags.Lookup("nats"); cfg.NATS.url == "" && !to.Changed && os.Getenv(settings.Variable("nats")) == "" {
		return true, to.Value.Set(nearURL(cfg.NATSListen))
	}
	return fromFile, nil
}

// nearURL is where this machine reaches an embedded NATS.
func nearURL(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return defaultNATS
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "nats://" + net.JoinHostPort(host, port)
}

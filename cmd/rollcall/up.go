package main

import (
	"context"
	"fmt"
	"log/slog"
	"sync"

	"github.com/spf13/cobra"

	"rollcall/events"
)

func newUp(con *console) *cobra.Command {
	var (
		cfg   Config
		roles []string
		ws    string
		http  string
	)
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run the service: NATS, projector and XMPP connector",
		Long: "Run the service, all of it or some roles. Without --nats a NATS server with\n" +
			"JetStream runs in this process and keeps its streams in --data. Everything\n" +
			"listens on this machine only unless an address says otherwise.",
		Example: "  rollcall up --demo\n" +
			"  rollcall up --roles connector --nats nats://127.0.0.1:4222 \\\n" +
			"      --name c2 --c2s 127.0.0.1:5322 --data ./c2-data",
		Args: cobra.NoArgs,
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringSliceVar(&cfg.Domains, "domain", []string{"localhost"}, "`DOMAIN` to serve; may be given again")
	f.StringVar(&cfg.Data, "data", "./rollcall-data", "`DIRECTORY` of what this process keeps")
	f.StringVar(&cfg.Name, "name", "", "connector's `NAME`, unique among the running (default: the host's)")
	f.StringVar(&cfg.C2S, "c2s", "127.0.0.1:5222", "XMPP over TCP with STARTTLS at `HOST:PORT`; empty: not")
	f.StringVar(&cfg.C2STLS, "c2s-tls", "", "XMPP over direct TLS at `HOST:PORT`")
	f.StringVar(&cfg.NATSListen, "nats-listen", "127.0.0.1:4222", "embedded NATS at `HOST:PORT`; empty: for this process only")
	f.StringVar(&cfg.NATS, "nats", "", "use the NATS server or cluster at `URL` and embed none")
	f.StringVar(&cfg.Creds, "creds", "", "NATS credentials `FILE`, with --nats")
	f.StringSliceVar(&roles, "roles", []string{"connector", "projector", "http"}, "`LIST` of connector, projector and http (not served yet)")
	f.StringVar(&cfg.Cert, "cert", "", "TLS certificate, PEM `FILE` (default: a self-signed one in --data)")
	f.StringVar(&cfg.Key, "key", "", "its private key, PEM `FILE`")
	f.BoolVar(&cfg.AllowPlaintext, "allow-plaintext", false, "allow logins without TLS; for development and benchmarks")
	f.BoolVar(&cfg.Demo, "demo", false, "make the accounts alice, bob and carol")
	f.StringVar(&cfg.Fsync, "fsync", "1s", "embedded NATS: always, or every `TIME`; a killed process loses\nnothing either way, a power failure at most that much")
	f.StringVar(&ws, "ws", "", "`HOST:PORT` for XMPP over WebSocket (not served yet)")
	f.StringVar(&http, "http", "", "`HOST:PORT` for HTTP (not served yet)")
	f.BoolVar(&cfg.Verbose, "verbose", false, "log what happens, not only warnings")
	cmd.RunE = verb(func(ctx context.Context, _ []string) error {
		if cfg.Name == "" && !f.Changed("name") {
			cfg.Name = defaultName()
		}
		if cfg.NATS != "" && f.Changed("nats-listen") {
			return usagef("--nats-listen is for the embedded NATS, --nats for another: give one")
		}
		if err := cfg.setRoles(roles); err != nil {
			return err
		}
		if err := cfg.validate(); err != nil {
			return err
		}
		for _, flag := range []string{"ws", "http"} {
			if f.Changed(flag) {
				con.say("note: --%s is not served yet", flag)
			}
		}
		return up(ctx, con, &cfg)
	})
	return cmd
}

// up runs a node until ctx ends.
func up(ctx context.Context, con *console, cfg *Config) error {
	level := slog.LevelWarn
	if cfg.Verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(con.err, &slog.HandlerOptions{Level: level}))
	n, err := openNode(ctx, cfg, log)
	if err != nil {
		return unlessOver(ctx, err)
	}
	defer n.close()
	var demo []events.JID
	if cfg.Demo {
		if demo, err = makeDemo(ctx, n.bus, cfg.Domains[0]); err != nil {
			return unlessOver(ctx, err)
		}
	}
	n.ready = sync.OnceFunc(func() { con.welcome(n, demo) })
	return unlessOver(ctx, n.run(ctx))
}

// welcome says where the process listens and how to log in.
func (c *console) welcome(n *node, demo []events.JID) {
	line := func(label, format string, args ...any) {
		fmt.Fprintf(c.out, "  %-11s %s\n", label, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(c.out, "rollcall is up: %s\n", n.cfg.describe())
	doors := n.doors.info()
	if doors.C2S != "" {
		line("XMPP", "%s (%s)", doors.C2S, n.cfg.security())
	}
	if doors.C2STLS != "" {
		line("direct TLS", "%s", doors.C2STLS)
	}
	switch {
	case n.nats == nil:
		line("NATS", "%s", n.cfg.NATS)
	case n.nats.URL() != "":
		line("NATS", "%s (for the other verbs and for more connectors)", n.nats.URL())
	}
	line("data", "%s", n.cfg.Data)
	if len(demo) > 0 {
		fmt.Fprintf(c.out, "Log in with any XMPP client at the address above; accept the certificate:\n")
		for _, account := range demo {
			line("", "%-20s password %s", account, account.Local())
		}
	}
	fmt.Fprintln(c.out, "Ctrl-C stops it.")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// defaultData is where the service keeps everything unless it is told otherwise.
const defaultData = "./rollcall-data"

// newUp is the service. Its flags are the fields of Config; what they may be is
// Config's to check.
func newUp(con *console) *cobra.Command {
	var cfg Config
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Run the service: NATS, projector and XMPP connector",
		Long: "Run the service, all of it or some roles. Without --nats a NATS server with\n" +
			"JetStream runs in this process and keeps its streams in --data. Everything\n" +
			"listens on this machine only unless an address (host:port) says otherwise.\n" +
			"There is no --json: it goes on, and what it logs has keys and values (logfmt).",
		Example: "  rollcall up --demo\n" +
			"  rollcall up --roles connector --nats nats://127.0.0.1:4222 \\\n" +
			"      --name c2 --c2s 127.0.0.1:5322 --data rollcall-data/c2",
		Args: arguments(0, 0),
	}
	defineUp(cmd, &cfg)
	cmd.RunE = verb(func(ctx context.Context, _ []string) error {
		keepHeapFloor()
		if err := cfg.load(cmd.Flags(), os.Getenv); err != nil {
			return err
		}
		return up(ctx, con, &cfg)
	})
	return cmd
}

// defineUp defines the flags of "rollcall up", which are the settings of a
// configuration file, too.
func defineUp(cmd *cobra.Command, cfg *Config) {
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&cfg.file, "config", "", "TOML `FILE` with any of these flags; each is also\nROLLCALL_ and its name: ROLLCALL_LOG_MAX_AGE=90d")
	f.StringSliceVar(&cfg.Domains, "domain", []string{"localhost"}, "`DOMAIN` or domains to serve")
	f.StringVar(&cfg.Data, "data", defaultData, "`DIR` of what it keeps")
	f.StringVar(&cfg.Name, "name", "", "connector's unique `NAME` (default: the host's)")
	f.DurationVar(&cfg.Lease, "lease", defaultLease, "`TIME` for which a connector that hangs, or is\ncut off, keeps its sessions; a dead one for 10 s\n")
	f.StringVar(&cfg.C2S, "c2s", "127.0.0.1:5222", "`ADDR` for XMPP, STARTTLS\n")
	f.StringVar(&cfg.C2STLS, "c2s-tls", "", "`ADDR` for XMPP, direct TLS")
	f.StringVar(&cfg.WS, "ws", defaultWS, "`ADDR` of this machine for XMPP over WebSocket,\nwithout TLS; any address with --trusted-proxy\n")
	f.StringVar(&cfg.WSTLS, "ws-tls", "", "`ADDR` for XMPP over WebSocket with TLS")
	f.StringVar(&cfg.HTTP, "http", defaultHTTP, "`ADDR` of this machine for other programs: the API\nwithout TLS")
	f.StringVar(&cfg.HTTPTLS, "http-tls", "", "`ADDR` of the API with TLS")
	f.StringSliceVar(&cfg.WSOrigins, "ws-origin", nil, "`HOST` of other pages that may use WebSocket;\n*: any")
	f.StringVar(&cfg.NATSListen, "nats-listen", "127.0.0.1:4222", "`ADDR` of the embedded NATS\n")
	f.StringVar(&cfg.NATS.url, "nats", "", "`URL` of a NATS server or cluster to use instead")
	cfg.NATS.define(cmd, f)
	f.StringSliceVar(&cfg.roles, "roles", []string{"connector", "projector", "http"}, "`LIST` of connector, projector and http, without\nwhich there is no --http, and no --ws unless\nnamed, and of publisher (default: all but that)")
	f.Lookup("roles").DefValue = "[]" // said shorter
	f.StringVar(&cfg.Cert, "cert", "", "TLS certificate, PEM `FILE` (default: self-signed)")
	f.StringVar(&cfg.Key, "key", "", "its private key, PEM `FILE`")
	f.StringVar(&cfg.Certs, "certs", "", "`DIR` of certificates, a domain's each: NAME.crt\nand NAME.key, or as certbot has them in live/")
	f.StringVar(&cfg.conflict, "conflict", "replace", "`HOW` to bind an address that is in use: replace\nits session, or refuse or rename the new one\n")
	cfg.defineLimits(cmd)
	cfg.Log.define(cmd)
	cfg.Public.define(cmd)
	f.BoolVar(&cfg.Registration, "registration", false, "let clients make accounts (XEP-0077)")
	f.BoolVar(&cfg.ChannelBinding, "channel-binding", false, "offer it also to clients without SASL2, of which\nsome can't do it and then show the password")
	f.BoolVar(&cfg.AllowPlaintext, "allow-plaintext", false, "logins without TLS; for development only")
	f.BoolVar(&cfg.Demo, "demo", false, "make the accounts alice, bob and carol")
	f.StringVar(&cfg.Fsync, "fsync", "1s", "`WHEN` the embedded NATS syncs to disk: always, or\nhow often. A power failure loses what is not\nsynced; a killed process loses nothing\n")
	f.BoolVar(&cfg.FailedLogins, "log-failed-logins", false, "log the address of each failed login, for\nfail2ban")
	f.BoolVar(&cfg.Verbose, "verbose", false, "log what happens, not only warnings, and to\nwhich accounts and addresses")
	for _, name := range []string{"cert", "key", "config"} {
		cmd.RegisterFlagCompletionFunc(name, completeFiles)
	}
	cmd.MarkFlagDirname("data")
	cmd.MarkFlagDirname("certs")
}

// complete gives the fields their values that depend on several flags, and
// checks all of them.
func (c *Config) complete(given func(flag string) bool) error {
	if c.Name == "" && !given("name") {
		c.Name = defaultName()
	}
	c.NATS.visible = func() bool { return c.origins.Of("nats") == "flag" }
	switch {
	case !c.external() || !given("nats-listen") || c.origins.Outranks("nats", "nats-listen"):
	case c.origins.Outranks("nats-listen", "nats"):
		c.NATS.url, c.NATS.context = "", ""
	default:
		return usagef("--nats-listen is for the embedded NATS, --nats for another: give one")
	}
	if err := errors.Join(c.setRoles(c.roles), c.setConflict(c.conflict)); err != nil {
		return err
	}
	if !c.has(roleHTTP) && !given("ws") {
		c.WS = "" // a second connector on a machine would meet the first one's
	}
	if !c.has(roleHTTP) {
		if given("http") && c.HTTP+c.HTTPTLS != "" || c.HTTPTLS != "" {
			return usagef("--http and --http-tls are for the role http; name it in --roles")
		}
		c.HTTP = ""
	}
	return c.validate()
}

// up runs a node until ctx ends.
func up(ctx context.Context, con *console, cfg *Config) error {
	log := newLogger(con.err, cfg.Verbose)
	n, err := openNode(ctx, cfg, log)
	if err != nil {
		return unlessOver(ctx, err)
	}
	defer n.close()
	if cfg.FailedLogins {
		n.failed = failedLogins(con.err)
	}
	n.warnExposed()
	var demo []demoAccount
	if cfg.Demo {
		if demo, err = makeDemo(ctx, n.bus, cfg.Domains[0]); err != nil {
			return unlessOver(ctx, err)
		}
	}
	n.ready = sync.OnceFunc(func() {
		welcome(ctx, con, n, demo)
		n.manager.Ready()
		go leaveNoStartBehind() // clients are served meanwhile
	})
	err = unlessOver(ctx, n.run(ctx))
	if ctx.Err() != nil && err == nil {
		goodbye(con, n)
	}
	if errors.Is(err, events.ErrRewound) {
		err = fmt.Errorf("%w; start again to follow the one that is there now", err)
	}
	return err
}

// welcome says where the process listens and how to log in.
func welcome(ctx context.Context, c *console, n *node, demo []demoAccount) {
	line := func(label, format string, args ...any) {
		fmt.Fprintf(c.out, "  %-11s %s\n", label, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(c.out, "rollcall is up: %s (process %d)\n", n.cfg.describe(), os.Getpid())
	told := n.listeners.info()
	if told.C2S != "" {
		line("XMPP", "%s (%s)", told.C2S, n.cfg.security())
	}
	if told.C2STLS != "" {
		line("direct TLS", "%s", told.C2STLS)
	}
	if told.WS != "" {
		line("WebSocket", "ws://%s%s", told.WS, stream.WebSocketPath)
	}
	if told.WSTLS != "" {
		line("WebSocket", "wss://%s%s", told.WSTLS, stream.WebSocketPath)
	}
	if told := address(n.listeners.api); told != "" {
		line("HTTP", "http://%s", told)
	}
	if told := address(n.listeners.apiTLS); told != "" {
		line("HTTP", "https://%s", told)
	}
	tellFace(ctx, c, line, n)
	switch {
	case n.nats == nil:
		line("NATS", "%s", n.bus.Address())
	case n.nats.URL() != "":
		line("NATS", "%s (for the other verbs and more connectors)", n.nats.URL())
	}
	line("data", "%s", n.cfg.Data)
	tellFingerprint(line, n)
	if len(demo) > 0 {
		fmt.Fprintf(c.out, "Log in with any XMPP client at the address above; accept the certificate:\n")
		for _, account := range demo {
			line("", "%s", account.describe())
		}
	}
	fmt.Fprintln(c.out, "Ctrl-C stops it.")
}

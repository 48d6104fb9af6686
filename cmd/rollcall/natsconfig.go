package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/natsconf"
)

// newNATSConfig writes what nats-servers of one's own need.
func newNATSConfig(con *console) *cobra.Command {
	var (
		nodes       int
		hosts       []string
		path, store string
		size, fsync string
		asJSON      bool
	)
	cmd := &cobra.Command{
		Use:   "nats-config [DIR]",
		Short: "Make the configuration of NATS servers for Rollcall",
		Long: "Make a complete configuration, a file a server, for one nats-server or a cluster\n" +
			"of three: TLS, what JetStream may have, and users with the least permissions\n" +
			"that their role needs: connector, http, publisher, service (these three in one\n" +
			"process), auditor, feed and admin.\n\n" +
			"With DIR the files are written there, and beside them, for their owner alone to\n" +
			"read, a key a user (NAME.nk, for --nkey), the password of feed (feed.password),\n" +
			"and the keys of the certificates. Keys that are in DIR already are kept: run it\n" +
			"again after an upgrade, for what roles need may have changed, or to renew\n" +
			"certificates.\n" +
			"Without DIR the configuration is printed with blanks for the keys.",
		Example: "  rollcall nats-config --nodes 3 --path /etc/nats nats \\\n" +
			"      --host nats1.example.org,nats2.example.org,nats3.example.org\n" +
			"  rollcall nats-config",
		Args: arguments(0, 1),
		RunE: verb(func(_ context.Context, args []string) error {
			cfg, err := natsServers(nodes, hosts)
			if err != nil {
				return err
			}
			if cfg.MaxFile, err = parseSize(size); err != nil {
				return usagef("--max-file: %w", err)
			}
			cfg.Path, cfg.Store, cfg.Fsync = path, store, fsync
			if err := cfg.Check(); err != nil {
				return usagef("--fsync: %w", err)
			}
			switch {
			case len(args) == 0 && asJSON:
				return usagef("--json says what was written: name DIR")
			case len(args) == 0:
				return cfg.Print(con.out)
			}
			return writeNATSConfig(con, cfg, args[0], asJSON)
		}),
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.IntVar(&nodes, "nodes", 1, "1 server, or a cluster of 3\n")
	f.StringSliceVar(&hosts, "host", nil, "`HOST`[:PORT] of each server, by which clients reach\nit (default: 127.0.0.1:4222; --nodes 3 has none)")
	f.StringVar(&path, "path", "", "`DIR` where the files will be on the servers\n(default: where they are written)")
	f.StringVar(&store, "store", "/var/lib/nats", "`DIR` of JetStream on each server\n")
	f.StringVar(&size, "max-file", ask.FlagSize(natsconf.DefaultMaxFile), "`SIZE` of what JetStream may have there\n")
	f.StringVar(&fsync, "fsync", "1s", "`WHEN` a server syncs to disk: always, or how often\n")
	f.BoolVar(&asJSON, "json", false, "one JSON object, of what was written to DIR")
	cmd.MarkFlagDirname("store")
	return cmd
}

func natsServers(nodes int, hosts []string) (*natsconf.Config, error) {
	switch {
	case nodes != 1 && nodes != 3:
		return nil, usagef("--nodes: 1 or 3, not %d: two servers do worse than one, for each needs the other", nodes)
	case nodes == 1 && len(hosts) == 0:
		hosts = []string{"127.0.0.1"}
	case len(hosts) != nodes:
		return nil, usagef("--host: name %d, separated by commas", nodes)
	}
	cfg, err := natsconf.New(hosts)
	if errors.Is(err, natsconf.ErrHosts) {
		return nil, usagef("--host: %w", err)
	}
	return cfg, err
}

// serverFiles are those that a server needs.
func serverFiles(n *natsconf.Node) []string {
	return []string{n.File(), n.Name + ".pem", n.Name + ".key", natsconf.AuthorityFile}
}

// A natsConfigView is what was written for NATS servers, as scripts see it.
type natsConfigView struct {
	Dir     string           `json:"dir"`
	Kept    int              `json:"kept_keys"` // that were there
	URL     string           `json:"url"`       // of all servers, for --nats
	Servers []natsServerView `json:"servers"`
}

type natsServerView struct {
	Host  string   `json:"host"`
	Path  string   `json:"path"`  // directory of the files on the server
	Files []string `json:"files"` // that it needs, the configuration first
}

func viewNATSConfig(cfg *natsconf.Config, dir string, kept int) natsConfigView {
	v := natsConfigView{Dir: dir, Kept: kept, URL: cfg.URL()}
	for _, n := range cfg.Nodes {
		v.Servers = append(v.Servers, natsServerView{n.Host, cfg.Path, serverFiles(&n)})
	}
	return v
}

// writeNATSConfig writes the files, and says what comes next.
func writeNATSConfig(con *console, cfg *natsconf.Config, dir string, asJSON bool) error {
	kept, err := cfg.Write(dir)
	if err != nil {
		return err
	}
	if asJSON {
		return con.printJSON(viewNATSConfig(cfg, dir, kept))
	}
	made := "with fresh keys"
	if kept > 0 {
		made = fmt.Sprintf("with the %s that were there", plural(kept, "key"))
	}
	fmt.Fprintf(con.out, "%s: the configuration of %s, %s. Next:\n", dir, plural(len(cfg.Nodes), "server"), made)
	for _, n := range cfg.Nodes {
		files := serverFiles(&n)
		last := len(files) - 1
		fmt.Fprintf(con.out, "  %s: copy %s and %s to %s; then nats-server -c %s\n",
			n.Host, strings.Join(files[:last], ", "), files[last], cfg.Path, filepath.Join(cfg.Path, n.File()))
	}
	access := func(user string) string {
		return fmt.Sprintf("--nats %s --nats-ca %s --nkey %s", cfg.URL(), filepath.Join(dir, natsconf.AuthorityFile), filepath.Join(dir, natsconf.KeyFile(user)))
	}
	_, err = fmt.Fprintf(con.out, "once:\n  rollcall log create %s\non each machine of the service, with a copy of its key:\n  rollcall up %s\n",
		access("admin"), access("service"))
	return err
}

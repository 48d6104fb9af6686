package main

import (
	"context"
	"embed"
	"fmt"
	"io"
	"strings"
	"text/template"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

// The programs that read a feed, a file each.
//
//go:embed feeds
var feedFiles embed.FS

// feedClients are these programs.
var feedClients = []struct{ name, title, file string }{
	{"clickhouse", "ClickHouse", "clickhouse.sql"},
	{"vector", "Vector", "vector.yaml"},
	{"connect", "Redpanda Connect", "connect.yaml"},
	{"python", "Python", "python.py"},
	{"node", "Node", "node.mjs"},
}

func defineClient(cmd *cobra.Command, client *string) {
	cmd.Flags().StringVar(client, "for", "", "show only what is for one `PROGRAM`: clickhouse, vector,\nconnect, python or node")
}

func checkClient(client string) error {
	for _, c := range feedClients {
		if client == "" || c.name == client {
			return nil
		}
	}
	return usagef("--for: %q is none of clickhouse, vector, connect, python, node", client)
}

func newFeedShow(con *console, svc *service) *cobra.Command {
	var (
		client string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "show NAME",
		Short: "Show how to read a feed",
		Args:  arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			if err := checkClient(client); err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error {
				f, err := feedNamed(ctx, b, args[0])
				if err != nil {
					return err
				}
				if asJSON {
					return con.printJSON(ask.FeedOf(&f))
				}
				return showClients(con.out, svc, f, client)
			})
		}),
	}
	defineClient(cmd, &client)
	cmd.Flags().BoolVar(&asJSON, "json", false, "the feed as one JSON object, as feed list has it")
	cmd.MarkFlagsMutuallyExclusive("for", "json")
	return cmd
}

// showClients writes what one program needs, or what each does, below its name.
func showClients(w io.Writer, svc *service, f bus.Feed, client string) error {
	url, _, _ := strings.Cut(svc.url, ",")
	_, host, found := strings.Cut(url, "://")
	if !found {
		host = url
	}
	subjects := strings.Join(f.Subjects, ",")
	if subjects == "" {
		subjects = bus.PublicSubject("*", "*", "*")
	}
	values := struct {
		Name, Table, Stream, URL, Host, Creds, Subjects string
		Token                                           bool // in place of Creds: one of rollcall token add, in TOKEN
	}{
		f.Name, strings.ReplaceAll(f.Name, "-", "_"), bus.PublicStream, url, host, svc.creds, subjects, svc.discovered != "",
	}
	for _, c := range feedClients {
		if client != "" && client != c.name {
			continue
		}
		if client == "" {
			fmt.Fprintf(w, "==> %s\n", c.title)
		}
		t, err := template.ParseFS(feedFiles, "feeds/"+c.file)
		if err != nil {
			return err
		}
		if err := t.Execute(w, values); err != nil {
			return err
		}
	}
	return nil
}

package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
)

// A linkView is a link as scripts see it.
type linkView struct {
	URL     string         `json:"url"`
	As      string         `json:"as"`
	Scopes  []access.Scope `json:"scopes"`
	Expires time.Time      `json:"expires"`
}

func newWeb(con *console) *cobra.Command {
	var (
		svc    service
		as, at string
		asJSON bool
	)
	cmd := &cobra.Command{
		Use:   "web",
		Short: "Print a URL that logs a browser in, once",
		Long: "Print a URL that logs a browser in to the pages of up --http. It is good once,\n" +
			"and for 5 minutes; the browser then stays in for 12 hours, or until it logs\n" +
			"out. What it does is on record as web:USER@HOST, after you; \"token list\" has\n" +
			"it, and \"token rm\" ends it.\n\n" +
			"Whom it may be for:\n" + viewersText(),
		Example: "  rollcall web --as reader\n" +
			"  rollcall web --url https://xmpp.example.org:5289",
		Args: arguments(0, 0),
		RunE: verb(func(ctx context.Context, _ []string) error {
			viewer, err := access.ViewerOf(as)
			if err != nil {
				return usagef("--as: %w", err)
			}
			face, err := checkFace(at)
			if err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return showLink(ctx, con, b, face, viewer, asJSON) })
		}),
	}
	svc.flags(cmd)
	cmd.Flags().StringVar(&as, "as", defaultViewer, "`WHO` it is for")
	cmd.Flags().StringVar(&at, "url", "", "`URL` under which the browser reaches the pages\n(default: what a running process tells)")
	cmd.Flags().BoolVar(&asJSON, "json", false, "one JSON object")
	return cmd
}

// viewersText lists who there may be, and the scopes of each.
func viewersText() string {
	var lines []string
	for _, v := range access.Viewers {
		lines = append(lines, fmt.Sprintf("  %-13s %s", v.Name, scopesText(&access.Token{Scopes: v.Scopes})))
	}
	return strings.Join(lines, "\n")
}

// showLink makes a link to the pages, which are looked for if it is not said where they are.
func showLink(ctx context.Context, con *console, b *bus.Bus, face string, viewer access.Viewer, asJSON bool) (err error) {
	if face == "" {
		if face, err = faceURL(ctx, b); err != nil {
			return err
		}
	}
	now := time.Now()
	link, err := loginURL(ctx, b, face, viewer, now)
	if err != nil {
		return err
	}
	if asJSON {
		return con.printJSON(linkView{link, viewer.Name, viewer.Scopes, now.UTC().Add(access.CodeLife).Truncate(time.Second)})
	}
	con.say("open this in a browser; it logs in one %s, once, within 5 minutes:", viewer.Name)
	_, err = fmt.Fprintln(con.out, link)
	return err
}

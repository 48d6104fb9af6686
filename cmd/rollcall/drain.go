package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/ask"
)

const (
	// defaultDrain is the time of which none is given.
	defaultDrain = "5m"
	// drainLook is how often a connector is asked how far it is.
	drainLook = time.Second
)

// A draining is a drain as it was asked for.
type draining struct {
	name   string
	order  ask.DrainOrder
	lasts  string
	undo   bool
	noWait bool
	asJSON bool
}

// newDrain empties a connector before it is updated.
func newDrain(con *console) *cobra.Command {
	var (
		svc service
		d   draining
	)
	cmd := &cobra.Command{
		Use:   "drain CONNECTOR",
		Short: "Send the clients of a connector elsewhere, before it is stopped",
		Long: "Send the clients of a connector to the others, evenly over a time, before it is\n" +
			"stopped. It closes its ports at once, and its /readyz says \"draining\", so that\n" +
			"clients and balancers go elsewhere. Each session ends when its turn comes; its\n" +
			"client logs in at another connector. What a client with stream management has\n" +
			"not acknowledged is not lost: it goes where it would go without the session.\n\n" +
			"The command waits until no client is left, and the connector goes on draining\n" +
			"without it. It does not stop by itself: stop it, at any time, or let clients\n" +
			"come again with --undo. One that is started again takes clients.",
		Example: "  rollcall drain xmpp1 --for 10m && ssh xmpp1 systemctl restart rollcall",
		Args:    arguments(1, 1),
		RunE: verb(func(ctx context.Context, args []string) error {
			d.name = args[0]
			if err := d.check(); err != nil {
				return err
			}
			return svc.use(ctx, func(b *bus.Bus) error { return d.run(ctx, con, drainer{b}) })
		}),
	}
	svc.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&d.lasts, "for", defaultDrain, "`TIME` over which they are sent away; 0s: at once\n(default "+defaultDrain+")")
	f.Lookup("for").DefValue = ""
	f.BoolVar(&d.order.Force, "force", false, "though no other connector takes them")
	f.BoolVar(&d.undo, "undo", false, "let clients come again")
	f.BoolVar(&d.noWait, "no-wait", false, "don't wait until they are gone")
	f.BoolVar(&d.asJSON, "json", false, "a JSON object: how far it is in the end")
	cmd.MarkFlagsMutuallyExclusive("undo", "for")
	cmd.MarkFlagsMutuallyExclusive("undo", "force")
	return cmd
}

// check refuses what can't be.
func (d *draining) check() error {
	d.order.By, d.order.Begin, d.order.End = operator(), !d.undo, d.undo
	if d.undo {
		return nil
	}
	if d.lasts == "0" || d.lasts == "0s" {
		return nil
	}
	var err error
	if d.order.Over, err = parseLength("--for", d.lasts, "30s, 5m or 1h"); err != nil {
		return err
	}
	if err := ask.CheckDrain(d.order.Over); err != nil {
		return usagef("--for: %w", err)
	}
	return nil
}

// run gives the order, and waits for what comes of it.
func (d *draining) run(ctx context.Context, con *console, to drainer) error {
	r, err := to.Drain(ctx, d.name, d.order)
	switch {
	case errors.Is(err, ask.ErrOnlyConnector):
		return fmt.Errorf("%w, who would have nowhere to go; --force drains it all the same", err)
	case err != nil:
		return err
	case d.noWait || d.undo:
		return d.tell(con, r)
	}
	if r, err = d.wait(ctx, con, to, r); err != nil {
		return err
	}
	return d.tell(con, r)
}

// wait waits until no client is left.
func (d *draining) wait(ctx context.Context, con *console, to drainer, r ask.DrainReport) (ask.DrainReport, error) {
	all := r.Drain.Sessions
	shown := progress{}
	shown.start(con, "sent away", max(all, r.Sessions))
	defer shown.stop()
	for r.Drain != nil && r.Sessions > 0 {
		shown.count.Store(int64(max(all-r.Sessions, 0)))
		select {
		case <-ctx.Done():
			return r, fmt.Errorf("%s goes on draining, with %s left; --undo ends that", d.name, plural(r.Sessions, "session"))
		case <-time.After(drainLook):
		}
		next, err := to.Drain(ctx, d.name, ask.DrainOrder{})
		switch {
		case ctx.Err() != nil:
			continue
		case errors.Is(err, ask.ErrConnectorGone), errors.Is(err, ask.ErrNoConnector):
			return r, fmt.Errorf("%s has stopped; it had %s when it was asked last", d.name, plural(r.Sessions, "session"))
		case err != nil:
			return r, fmt.Errorf("how far %s is can't be seen; it goes on draining: %w", d.name, err)
		}
		r = next
	}
	if r.Drain == nil {
		return r, fmt.Errorf("%s is no longer drained: it was called off, or started again", d.name)
	}
	return r, nil
}

// tell says how far the connector is.
func (d *draining) tell(con *console, r ask.DrainReport) error {
	if d.asJSON {
		return con.printJSON(r)
	}
	name := printable(d.name)
	var err error
	switch {
	case r.Drain == nil:
		_, err = fmt.Fprintf(con.out, "%s takes clients again; it has %s\n", name, plural(r.Sessions, "session"))
	case r.Sessions == 0:
		_, err = fmt.Fprintf(con.out, "%s is drained: no client is left; stop it, or let clients come again with --undo\n", name)
	default:
		_, err = fmt.Fprintf(con.out, "%s is draining: %s to send away until %s\n", name, plural(r.Sessions, "session"), r.Drain.Until)
	}
	return err
}

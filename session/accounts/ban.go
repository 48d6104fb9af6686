package accounts

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/bans"
)

// Ban keeps clients from connecting from a network and ends the sessions there, which each
// connector does for its own. It returns the sequence of the event. It fails as bans.Add
// does.
func (a *Admin) Ban(ctx context.Context, b bans.Ban) (at events.Seq, err error) {
	if err := bans.Add(ctx, a.Bans, b); err != nil {
		return 0, err
	}
	_, at, err = a.do(ctx, events.Networks, session.BanNetwork{Network: b.Network, Until: nanoseconds(b.Until), Text: b.Reason, By: b.By})
	return at, unrecordedBan(b.Network, err)
}

// Unban lifts the ban of just this network, and returns the sequence of the event. It fails
// as bans.Remove does.
func (a *Admin) Unban(ctx context.Context, by events.Actor, network netip.Prefix) (at events.Seq, err error) {
	if err := bans.Remove(ctx, a.Bans, network); err != nil {
		return 0, err
	}
	_, at, err = a.do(ctx, events.Networks, session.UnbanNetwork{Network: network, By: by})
	return at, unrecordedBan(network, err)
}

// ListBans gives the bans that have not ended, in the order of their making.
func (s *Store) ListBans(ctx context.Context) ([]bans.Ban, error) { return bans.List(ctx, s.Bans) }

// unrecordedBan says that something is in effect, and its event is not there.
func unrecordedBan(network netip.Prefix, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("the ban of %s is changed, but the log does not say so: %w", network, err)
}

package bans

import (
	"net/netip"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A View is a ban as other programs see it. Null is what was not said.
type View struct {
	Network netip.Prefix  `json:"network"`
	Until   *time.Time    `json:"until"` // RFC 3339; null: until it is lifted
	Made    time.Time     `json:"made"`
	Reason  *string       `json:"reason"`
	By      *events.Actor `json:"by"`
}

// View is the ban as other programs see it.
func (b *Ban) View() View {
	v := View{Network: b.Network, Made: b.Made}
	if !b.Until.IsZero() {
		v.Until = &b.Until
	}
	if b.Reason != "" {
		v.Reason = &b.Reason
	}
	if b.By != "" {
		v.By = &b.By
	}
	return v
}

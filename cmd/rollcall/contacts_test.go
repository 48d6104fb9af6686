package main

import (
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/projector/query"
)

func TestWhySomebodyIsOnlineNamesTheConnectorTheTimeAndTheDoubt(t *testing.T) {
	t.Parallel()
	con := &console{zone: time.UTC}
	now := time.Date(2026, 1, 31, 14, 3, 7, 0, time.UTC)
	since, presence := query.Timestamp(now.Add(-time.Hour).UnixNano()), query.Timestamp(now.Add(-time.Minute).UnixNano())
	for want, s := range map[string]query.Session{
		"available on c1 since 14:02:07 UTC":                                          {Connector: "c1", Since: since, PresenceAt: presence},
		"available on c1 since 13:03:07 UTC; disconnected, may resume":                {Connector: "c1", Since: since, Detached: true},
		"available on c1 since 13:03:07 UTC; that connector is lost, so not for long": {Connector: "c1", Since: since, Lost: true, Detached: true},
	} {
		if got := because(con, &s, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

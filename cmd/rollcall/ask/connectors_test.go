package ask

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/query"
)

func TestAConnectorIsLostWhenItHasNotRenewedItsLeaseInTime(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 31, 14, 3, 7, 0, time.UTC)
	lease := func(name string, epoch uint64, age time.Duration, info string) events.LeaseState {
		return events.LeaseState{
			Incarnation: events.Incarnation{Name: name, Epoch: epoch}, Info: []byte(info),
			Started: now.Add(-time.Hour), Renewed: now.Add(-age), TTL: 10 * time.Second,
		}
	}
	views := connectorViews([]events.LeaseState{
		lease("c3", 9, 3*time.Second, `{"c2s":"127.0.0.1:5222","domains":["localhost"]}`),
		lease("c1", 4, 8*time.Second, `not of this version`),
		lease("c2", 7, 9*time.Second, `{}`), // it has given up, and the server will end the lease
	}, []query.Holding{
		{Name: "c3", Epoch: 8, Sessions: 1, Detached: 1}, // what c3 was before
		{Name: "c3", Epoch: 9, Sessions: 5, Available: 4},
		{Name: "c2", Epoch: 7, Sessions: 2, Available: 2},
		{Name: "c0", Epoch: 1, Sessions: 3},
	}, now)
	var got []string
	for _, v := range views {
		got = append(got, fmt.Sprintf("%s#%d %s %d/%d/%d %s%s", v.Name, v.Epoch, v.State, v.Sessions, v.Available, v.Detached, v.C2S, v.Domains))
	}
	want := []string{
		"c0#1 lost 3/0/0 []",
		"c1#4 alive 0/0/0 []",
		"c2#7 lost 2/2/0 []",
		"c3#8 lost 1/0/1 []",
		"c3#9 alive 5/4/0 127.0.0.1:5222[localhost]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%q\nwant\n%q", got, want)
	}
}

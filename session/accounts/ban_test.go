package accounts

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/bans"
)

func TestBansAreOnRecordUnderTheNameOfNoAccount(t *testing.T) {
	w := newWorld(t)
	network := netip.MustParsePrefix("192.0.2.0/24")
	until := time.Now().Add(time.Hour).Truncate(time.Second)
	at, err := w.Ban(t.Context(), bans.Ban{Network: network, Until: until, Reason: "guesses", By: root})
	w.must(err)
	var table bans.Table
	w.must(table.Read(t.Context(), w.Bans))
	if b, ok := table.Of(network.Addr()); !ok || b.Reason != "guesses" || !b.Until.Equal(until) {
		t.Errorf("the ban is %+v", b)
	}
	lifted, err := w.Unban(t.Context(), "token house", network)
	w.must(err)
	if _, err := w.Unban(t.Context(), root, network); !errors.Is(err, bans.ErrNoBan) {
		t.Errorf("once more: %v", err)
	}
	var got []string
	for st, err := range w.bus.Log().Read(t.Context(), events.Range{}) {
		w.must(err)
		got = append(got, fmt.Sprintf("%d %s %+v", st.Seq, st.JID, st.Event))
	}
	want := []string{
		fmt.Sprintf("%d _networks {Network:192.0.2.0/24 Until:%d Text:guesses By:cli root@example}", at, until.UnixNano()),
		fmt.Sprintf("%d _networks {Network:192.0.2.0/24 By:token house}", lifted),
	}
	if !slices.Equal(got, want) {
		t.Errorf("the log has\n%q, not\n%q", got, want)
	}
}

func TestABanThatIsNotOnRecordIsInEffectAndSaysSo(t *testing.T) {
	w := newWorld(t)
	failing, err := NewAdmin(fullLog{w.bus.Log()}, w.Store, "admin")
	w.must(err)
	network := netip.MustParsePrefix("192.0.2.0/24")
	if _, err := failing.Ban(t.Context(), bans.Ban{Network: network, By: root}); !errors.Is(err, events.ErrFull) {
		t.Errorf("%v", err)
	}
	if all, err := bans.List(t.Context(), w.Bans); err != nil || len(all) != 1 {
		t.Errorf("%v, %v", all, err)
	}
}

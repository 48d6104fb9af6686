package bans

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
)

func TestAnAddressOrANetworkIsRead(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "192.0.2.7/24": "192.0.2.0/24", "0.0.0.0/0": "0.0.0.0/0",
		"2001:db8::1": "2001:db8::1/128", "2001:DB8::1/32": "2001:db8::/32",
		"::ffff:192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7/120": "192.0.2.0/24", "::ffff:0:0/96": "0.0.0.0/0",
	} {
		if p, err := Parse(text); err != nil || p.String() != want {
			t.Errorf("%s is %s, %v, want %s", text, p, err, want)
		}
	}
	for _, text := range []string{"", "example.org", "192.0.2.7/33", "192.0.2", "192.0.2.7:5222", "fe80::%eth0/64", "fe80::1%eth0", "::ffff:0:0/90", "010.0.0.1"} {
		if p, err := Parse(text); err == nil {
			t.Errorf("%q is %s", text, p)
		}
	}
}

func TestABanThatIsRarelyMeantIsRefused(t *testing.T) {
	t.Parallel()
	mine := []netip.Addr{netip.MustParseAddr("::ffff:198.51.100.9"), netip.MustParseAddr("2001:db8::9")}
	for text, want := range map[string]error{
		"0.0.0.0/0": ErrWide, "::/0": ErrWide, "10.0.0.0/7": ErrWide, "2001::/15": ErrWide,
		"127.0.0.1": ErrLocal, "127.0.0.0/8": ErrLocal, "::1": ErrLocal, "::/64": ErrLocal,
		"198.51.100.0/24": ErrLocal, "2001:db8::/32": ErrLocal,
		"10.0.0.0/8": nil, "2001:db9::/32": nil, "198.51.100.8": nil, "192.0.2.0/24": nil,
	} {
		p, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := Check(p, mine...); !errors.Is(err, want) || (want == nil) != (err == nil) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}

// followed is a table that follows the documents until the test ends. It is for a bubble.
func followed(t *testing.T, docs events.Bucket, changed func()) *Table {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	table := new(Table)
	go table.Follow(ctx, docs, changed)
	synctest.Wait()
	return table
}

func ban(network string) Ban {
	return Ban{Network: netip.MustParsePrefix(network), Made: time.Now(), By: "cli root@example"}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheNarrowestBanThatHasNotEndedCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		docs := bustest.NewDocuments()
		changes := 0
		table := followed(t, docs, func() { changes++ })
		if _, ok := table.Of(netip.MustParseAddr("192.0.2.7")); ok || table.Len() != 0 {
			t.Error("somebody is banned before there are bans")
		}
		wide, narrow := ban("192.0.2.0/24"), ban("192.0.2.7/32")
		wide.Reason, narrow.Reason, narrow.Until = "wide", "narrow", time.Now().Add(time.Hour)
		for _, b := range []Ban{narrow, wide, ban("2001:db8::/32")} {
			must(t, Add(t.Context(), docs, b))
			synctest.Wait()
		}
		reason := func(ip string) string {
			b, ok := table.Of(netip.MustParseAddr(ip))
			return fmt.Sprint(ok, " ", b.Reason)
		}
		for ip, want := range map[string]string{
			"192.0.2.7": "true narrow", "::ffff:192.0.2.7": "true narrow", "192.0.2.8": "true wide", "192.0.3.7": "false ",
			"2001:db8:1::1": "true ", "2001:db8:1::1%eth0": "true ", "2001:db9::1": "false ",
		} {
			if got := reason(ip); got != want {
				t.Errorf("%s: %s, want %s", ip, got, want)
			}
		}
		if _, ok := table.Of(netip.Addr{}); ok {
			t.Error("no address at all is banned")
		}
		if changes != 3 || table.Len() != 3 {
			t.Errorf("%d changes, %d bans", changes, table.Len())
		}
		time.Sleep(time.Hour)
		if got := reason("192.0.2.7"); got != "true wide" || table.Len() != 2 {
			t.Errorf("an hour later: %s, %d bans", got, table.Len())
		}
		must(t, Remove(t.Context(), docs, wide.Network))
		synctest.Wait()
		if got := reason("192.0.2.7"); got != "false " {
			t.Errorf("without the other: %s", got)
		}
	})
}

func TestAConnectorThatStartsReadsTheBansFirst(t *testing.T) {
	t.Parallel()
	docs := bustest.NewDocuments()
	var table Table
	must(t, table.Read(t.Context(), docs))
	must(t, Add(t.Context(), docs, ban("192.0.2.0/24")))
	must(t, table.Read(t.Context(), docs))
	if _, ok := table.Of(netip.MustParseAddr("192.0.2.1")); !ok {
		t.Error("it does not know them")
	}
}

func TestABanReplacesThatOfTheSameNetworkAndLeavesOthers(t *testing.T) {
	t.Parallel()
	docs := bustest.NewDocuments()
	first, again, other := ban("192.0.2.0/24"), ban("192.0.2.0/24"), ban("192.0.2.0/25")
	again.Reason, again.By = "again", "token\nhouse"
	ended := ban("198.51.100.0/24")
	ended.Until = time.Now().Add(-time.Second)
	for _, b := range []Ban{ended, first, other, again} {
		must(t, Add(t.Context(), docs, b))
	}
	all, err := List(t.Context(), docs)
	must(t, err)
	var got []string
	for _, b := range all {
		got = append(got, fmt.Sprint(b.Network, " ", b.Reason, " ", b.By))
	}
	if want := []string{"192.0.2.0/25  cli root@example", "192.0.2.0/24 again token\ufffdhouse"}; !slices.Equal(got, want) {
		t.Errorf("there are %q, want %q", got, want)
	}
	for _, network := range []string{"192.0.0.0/16", "198.51.100.0/24"} {
		if err := Remove(t.Context(), docs, netip.MustParsePrefix(network)); !errors.Is(err, ErrNoBan) {
			t.Errorf("%s is lifted: %v", network, err)
		}
	}
}

func TestThereIsALimitToTheirNumberAndToTheirReasons(t *testing.T) {
	t.Parallel()
	network := func(i int) string { return fmt.Sprintf("10.%d.%d.0/24", i/256, i%256) }
	docs := bustest.NewDocuments()
	for i := range MaxBans {
		must(t, Add(t.Context(), docs, ban(network(i))))
	}
	if err := Add(t.Context(), docs, ban(network(MaxBans))); !errors.Is(err, ErrTooMany) {
		t.Errorf("one more: %v", err)
	}
	must(t, Add(t.Context(), docs, ban(network(0))))

	docs = bustest.NewDocuments()
	n, err := 0, error(nil)
	for ; err == nil; n++ {
		b := ban(network(n))
		b.Reason = strings.Repeat("<", 1000)
		err = Add(t.Context(), docs, b)
	}
	if !errors.Is(err, ErrTooMany) || n < 50 {
		t.Errorf("after %d long reasons: %v", n, err)
	}
}

// Of a document that a newer build wrote, and this one can't read, nothing is taken.
func TestBansThatCannotBeReadChangeNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		docs := bustest.NewDocuments()
		table := followed(t, docs, func() {})
		must(t, Add(t.Context(), docs, ban("192.0.2.0/24")))
		synctest.Wait()
		doc, err := docs.Get(t.Context(), key)
		must(t, err)
		_, err = docs.Put(t.Context(), key, []byte("?"), doc.Revision)
		must(t, err)
		synctest.Wait()
		if _, ok := table.Of(netip.MustParseAddr("192.0.2.1")); !ok {
			t.Error("the ban is forgotten")
		}
		if err := Add(t.Context(), docs, ban("192.0.3.0/24")); err == nil {
			t.Error("it is written over")
		}
	})
}

// The table finds what a look at every ban finds.
func TestTheTableIsTheListOfBans(t *testing.T) {
	t.Parallel()
	networks := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) netip.Prefix {
		ip := netip.AddrFrom4([4]byte(rapid.SliceOfN(rapid.ByteMax(3), 4, 4).Draw(t, "ip4")))
		if rapid.Bool().Draw(t, "6") {
			ip = netip.AddrFrom16([16]byte(rapid.SliceOfN(rapid.ByteMax(1), 16, 16).Draw(t, "ip6")))
		}
		return netip.PrefixFrom(ip, rapid.IntRange(0, ip.BitLen()).Draw(t, "bits")).Masked()
	}), 0, 20)
	rapid.Check(t, func(t *rapid.T) {
		list := networks.Draw(t, "networks")
		now := time.Now()
		var all []Ban
		for _, p := range list {
			b := Ban{Network: p, Reason: p.String()}
			if rapid.Bool().Draw(t, "ended") {
				b.Until = now.Add(-time.Minute)
			}
			if !slices.ContainsFunc(all, func(o Ban) bool { return o.Network == p }) {
				all = append(all, b)
			}
		}
		table := Table{}
		table.index.Store(newIndex(all))
		for _, p := range append(networks.Draw(t, "asked"), list...) {
			ip := p.Addr()
			best := -1
			for _, b := range all {
				if b.Network.Contains(ip) && !b.Ended(now) {
					best = max(best, b.Network.Bits())
				}
			}
			got, ok := table.Of(ip)
			if ok != (best >= 0) || ok && got.Network.Bits() != best {
				t.Fatalf("%s: %v, %t, want /%d of %v", ip, got.Network, ok, best, all)
			}
		}
	})
}

package roster

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

var (
	alice = events.StoredJID("alice@localhost")
	bob   = events.StoredJID("bob@localhost")
	carol = events.StoredJID("carol@localhost")
)

// must takes the roster of an operation that has to succeed.
func must(t testing.TB, c Change, err error) *Roster {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return c.Roster
}

// with returns a roster that has contacts with these subscriptions.
func with(t testing.TB, contacts map[events.JID]Subscription) *Roster {
	t.Helper()
	var r *Roster
	for jid, s := range contacts {
		var err error
		if r, err = r.orEmpty().withItem(&Item{JID: jid, Subscription: s}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestANilRosterIsEmpty(t *testing.T) {
	t.Parallel()
	var r *Roster
	_, found := r.Get(bob)
	if found || r.Len() != 0 || r.Version() != 0 || r.Watches(bob) || r.WatchedBy(bob) {
		t.Error("a nil roster has something")
	}
	for range r.Items() {
		t.Error("a nil roster has an item")
	}
	for range r.Requests() {
		t.Error("a nil roster has a request")
	}
	if _, err := r.Remove(bob); !errors.Is(err, ErrNoItem) {
		t.Errorf("remove: %v", err)
	}
	if c, err := r.Inbound(bob, Unsubscribe, Every, nil); err != nil || c.Roster != r {
		t.Errorf("an operation without effect made a roster: %v", err)
	}
	c, err := r.Set(bob, "", nil)
	if must(t, c, err).Len() != 1 {
		t.Error("nothing was added")
	}
}

func TestSetKeepsTheSubscription(t *testing.T) {
	t.Parallel()
	r := in(t, state{from: true, ask: true, approved: true})
	c, err := r.Set(bob, "Bob", []string{"Work", "Friends"})
	got, _ := must(t, c, err).Get(bob)
	want := Item{JID: bob, Name: "Bob", Groups: []string{"Friends", "Work"}, Subscription: From, Ask: true, Approved: true}
	if !reflect.DeepEqual(got, want) || c.Pass {
		t.Errorf("%+v of %+v, want %+v", got, c, want)
	}
	again, err := c.Roster.Set(bob, "Bob", []string{"Work", "Friends"})
	if err != nil || again.Roster != c.Roster {
		t.Errorf("setting the same made another roster: %v", err)
	}
}

func TestSetDoesNotRevealARequest(t *testing.T) {
	t.Parallel()
	r := in(t, state{pendingIn: true})
	c, err := r.Set(bob, "Bob", nil)
	item, _ := must(t, c, err).Get(bob)
	if item.Subscription != None || item.Ask || len(c.Roster.requests) != 1 {
		t.Errorf("%+v with %d requests", item, len(c.Roster.requests))
	}
}

func TestWhatAClientMayNotSet(t *testing.T) {
	t.Parallel()
	many := make([]string, MaxGroups+1)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	long := strings.Repeat("x", MaxText+1)
	for name, test := range map[string]struct {
		jid    events.JID
		name   string
		groups []string
		want   error
	}{
		"no JID":            {events.JID{}, "", nil, ErrBadRequest},
		"a full JID":        {events.StoredJID("bob@localhost/x"), "", nil, ErrBadRequest},
		"a group twice":     {bob, "", []string{"a", "b", "a"}, ErrBadRequest},
		"a long name":       {bob, long, nil, ErrNotAcceptable},
		"a long group":      {bob, "", []string{long}, ErrNotAcceptable},
		"an unnamed group":  {bob, "", []string{""}, ErrNotAcceptable},
		"too many groups":   {bob, "", many, ErrNotAcceptable},
		"the longest":       {bob, long[1:], append(many[2:], long[1:]), nil},
		"a domain's roster": {events.StoredJID("gateway.localhost"), "", nil, nil},
	} {
		if _, err := (*Roster)(nil).Set(test.jid, test.name, test.groups); !errors.Is(err, test.want) {
			t.Errorf("%s: %v, want %v", name, err, test.want)
		}
	}
}

// RFC 6121, section 2.5.2.
func TestRemoveCancelsBothDirections(t *testing.T) {
	t.Parallel()
	for name, s := range states {
		for _, approved := range []bool{false, true} {
			s.approved = approved && !s.pendingIn
			r := in(t, s)
			c, err := r.Remove(bob)
			if r.Len() == 0 {
				if !errors.Is(err, ErrNoItem) {
					t.Errorf("%s: %v, want no item, as clients see none", name, err)
				}
				continue
			}
			if got := must(t, c, err); got.state(bob) != (state{}) || got.Len() != 0 {
				t.Errorf("%s: %+v", name, got.state(bob))
			}
			if push := Diff(r, c.Roster); len(push) != 1 || push[0].Subscription != Remove || push[0].JID != bob {
				t.Errorf("%s: pushes %+v", name, push)
			}
		}
	}
}

func TestARequestIsKeptWholeUntilAnswered(t *testing.T) {
	t.Parallel()
	stanza := []byte("<presence type='subscribe'><status>hello</status></presence>")
	c, err := (*Roster)(nil).Inbound(bob, Subscribe, Every, stanza)
	r := must(t, c, err)
	c, err = r.Inbound(bob, Subscribe, Every, []byte("<presence type='subscribe'/>"))
	if c.Roster != r || c.Pass || err != nil {
		t.Errorf("asked again: %+v, %v; want the first request kept", c, err)
	}
	c, err = r.Inbound(carol, Subscribe, Every, []byte("<presence/>"))
	r = must(t, c, err)
	requests := slices.Collect(r.Requests())
	if len(requests) != 2 || requests[0].From != bob || !bytes.Equal(requests[0].Stanza, stanza) || r.Len() != 0 {
		t.Errorf("%+v, want bob's and carol's", requests)
	}
	c, err = r.Outbound(bob, Subscribed)
	r = must(t, c, err)
	if requests = slices.Collect(r.Requests()); len(requests) != 1 || requests[0].From != carol || !r.WatchedBy(bob) {
		t.Errorf("after the answer: %+v", requests)
	}
}

func TestWhoWatchesWhom(t *testing.T) {
	t.Parallel()
	dave := events.StoredJID("dave@localhost")
	r := with(t, map[events.JID]Subscription{alice: To, bob: From, carol: Both, dave: None})
	if got := slices.Collect(r.Watched()); !slices.Equal(got, []events.JID{alice, carol}) {
		t.Errorf("watched: %v", got)
	}
	if got := slices.Collect(r.Watchers()); !slices.Equal(got, []events.JID{bob, carol}) {
		t.Errorf("watchers: %v", got)
	}
	for item := range r.Items() {
		to, from := item.Subscription == To || item.Subscription == Both, item.Subscription == From || item.Subscription == Both
		if r.Watches(item.JID) != to || r.WatchedBy(item.JID) != from {
			t.Errorf("%+v: watches %v, watched by %v", item, r.Watches(item.JID), r.WatchedBy(item.JID))
		}
	}
	for range r.Watched() {
		break // an iteration may end early
	}
}

func TestLookingDoesNotAllocate(t *testing.T) {
	r := large(t, 1000)
	n := testing.AllocsPerRun(10, func() {
		for jid := range r.Watchers() {
			if !r.WatchedBy(jid) {
				t.Error("a watcher doesn't watch")
			}
		}
		if _, ok := r.Get(bob); ok {
			t.Error("bob is found")
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestDiffIsWhatClientsArePushed(t *testing.T) {
	t.Parallel()
	old := with(t, map[events.JID]Subscription{alice: To, bob: From})
	changed := with(t, map[events.JID]Subscription{bob: Both, carol: None})
	want := []Item{{JID: alice, Subscription: Remove}, {JID: bob, Subscription: Both}, {JID: carol}}
	if got := Diff(old, changed); !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
	if got := Diff(old, with(t, map[events.JID]Subscription{alice: To, bob: From})); got != nil {
		t.Errorf("equal rosters: %+v", got)
	}
	if got := Diff(nil, old); len(got) != 2 {
		t.Errorf("from nothing: %+v", got)
	}
	if got := Diff(old, nil); len(got) != 2 || got[0].Subscription != Remove {
		t.Errorf("to nothing: %+v", got)
	}
	if got := Diff(nil, in(t, state{pendingIn: true})); got != nil {
		t.Errorf("a request was pushed: %+v", got)
	}
}

func TestANumberOfSubscriptionHasItsName(t *testing.T) {
	t.Parallel()
	var names []string
	for s := None; s <= Remove; s++ {
		names = append(names, s.String())
	}
	if got := strings.Join(names, " "); got != "none to from both remove" {
		t.Error(got)
	}
	if _, ok := ParseKind("probe"); ok {
		t.Error("probe is a subscription stanza")
	}
}

package roster

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

func TestAContactIsBroughtInItsState(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ brought, want Item }{
		{Item{JID: bob, Subscription: None}, Item{JID: bob}},
		{Item{JID: bob, Subscription: None, Ask: true}, Item{JID: bob, Ask: true}},
		{Item{JID: bob, Subscription: From, Ask: true, Name: "Bob"}, Item{JID: bob, Subscription: From, Ask: true, Name: "Bob"}},
		{Item{JID: bob, Subscription: Both, Ask: true}, Item{JID: bob, Subscription: Both}},
		{Item{JID: bob, Subscription: To, Approved: true, Groups: []string{"b", "a"}}, Item{JID: bob, Subscription: To, Approved: true, Groups: []string{"a", "b"}}},
	} {
		r, err := (*Roster)(nil).Bring(tt.brought)
		if err != nil {
			t.Fatal(err)
		}
		if r, err = Decode(1, r.Encode()); err != nil {
			t.Fatal(err)
		}
		if got, _ := r.Get(bob); !got.same(&tt.want) {
			t.Errorf("%+v came as %+v", tt.brought, got)
		}
	}
}

// A subscription that was asked for at another server can be granted at this
// one.
func TestARequestThatWasBroughtIsGrantedAsAnyOther(t *testing.T) {
	t.Parallel()
	asked, err := (*Roster)(nil).BringRequest(alice, []byte("<presence type='subscribe'/>"))
	if err != nil {
		t.Fatal(err)
	}
	asking, err := (*Roster)(nil).Bring(Item{JID: bob, Ask: true})
	if err != nil {
		t.Fatal(err)
	}
	granted, err := asked.Outbound(alice, Subscribed)
	if err != nil || !granted.Roster.WatchedBy(alice) || len(slices.Collect(granted.Roster.Requests())) > 0 {
		t.Errorf("%+v, %v", granted, err)
	}
	watching, err := asking.Inbound(bob, Subscribed, Every, nil)
	if err != nil || !watching.Roster.Watches(bob) {
		t.Errorf("%+v, %v", watching, err)
	}
}

func TestARequestOfAContactThatGetsThePresenceIsNone(t *testing.T) {
	t.Parallel()
	r, err := (*Roster)(nil).BringRequest(bob, []byte("<presence/>"))
	if err != nil {
		t.Fatal(err)
	}
	if r, err = r.Bring(Item{JID: bob, Subscription: From}); err != nil {
		t.Fatal(err)
	}
	if r, err = r.BringRequest(bob, []byte("<presence/>")); err != nil {
		t.Fatal(err)
	}
	if list := slices.Collect(r.Requests()); len(list) > 0 {
		t.Errorf("there are %v", list)
	}
}

func TestWhatNoClientMaySetIsNotBrought(t *testing.T) {
	t.Parallel()
	for name, item := range map[string]Item{
		"no JID":         {},
		"a full JID":     {JID: events.StoredJID("bob@localhost/r")},
		"removed":        {JID: bob, Subscription: Remove},
		"a long name":    {JID: bob, Name: strings.Repeat("x", MaxText+1)},
		"a group twice":  {JID: bob, Groups: []string{"a", "a"}},
		"an empty group": {JID: bob, Groups: []string{""}},
	} {
		if r, err := (*Roster)(nil).Bring(item); !errors.Is(err, ErrBadRequest) && !errors.Is(err, ErrNotAcceptable) {
			t.Errorf("%s: %v, %v", name, r, err)
		}
	}
	if _, err := (*Roster)(nil).BringRequest(events.StoredJID("bob@localhost/r"), nil); !errors.Is(err, ErrBadRequest) {
		t.Error(err)
	}
	if _, err := (*Roster)(nil).BringRequest(bob, make([]byte, MaxRequest+1)); !errors.Is(err, ErrFull) {
		t.Error(err)
	}
}

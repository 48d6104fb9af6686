package roster

import (
	"bytes"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-xmpp/rollcall/events"
)

var contacts = []events.JID{alice, bob, carol, events.StoredJID("dave@localhost"), events.StoredJID("gateway.localhost")}

// step does a random operation.
func step(t *rapid.T, r *Roster) *Roster {
	contact := rapid.SampledFrom(contacts).Draw(t, "contact")
	kind := Kind(rapid.IntRange(0, 3).Draw(t, "kind"))
	var c Change
	var err error
	switch rapid.IntRange(0, 5).Draw(t, "operation") {
	case 0, 1:
		c, err = r.Outbound(contact, kind)
	case 2, 3:
		c, err = r.Inbound(contact, kind, rapid.SampledFrom([]number{0, 1, 2, 3, 200, 1 << 40, Every}).Draw(t, "request"), rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "stanza"))
	case 4:
		c, err = r.Set(contact, rapid.StringN(0, 10, 40).Draw(t, "name"), rapid.SliceOfNDistinct(rapid.StringN(1, 5, 20), 0, 3, rapid.ID).Draw(t, "groups"))
	default:
		if c, err = r.Remove(contact); err == ErrNoItem {
			return r
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	return c.Roster
}

// pushed is a client's roster after it applied pushes.
func pushed(client map[events.JID]Item, pushes []Item) map[events.JID]Item {
	next := maps.Clone(client)
	for _, item := range pushes {
		if item.Subscription == Remove {
			delete(next, item.JID)
		} else {
			item.ours, item.theirs = 0, 0
			next[item.JID] = item
		}
	}
	return next
}

func visible(r *Roster) map[events.JID]Item {
	all := map[events.JID]Item{}
	for item := range r.Items() {
		item.ours, item.theirs = 0, 0 // clients don't see them
		all[item.JID] = item
	}
	return all
}

func TestRandomOperationsKeepTheRosterSound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var r *Roster
		client := map[events.JID]Item{}
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			before := r.Encode()
			next := step(t, r)
			if !bytes.Equal(before, r.Encode()) {
				t.Fatal("an operation changed the roster that it was done on")
			}
			if client = pushed(client, Diff(r, next)); !reflect.DeepEqual(client, visible(next)) {
				t.Fatalf("the client has %v, the server %v", client, visible(next))
			}
			r = next.WithVersion(r.Version() + 1)
			checkSound(t, r.orEmpty())
		}
	})
}

// checkSound checks what holds of every roster.
func checkSound(t *rapid.T, r *Roster) {
	for _, contact := range contacts {
		s := r.state(contact)
		if s.ask && s.to || s.pendingIn && s.from || s.pendingIn && s.approved {
			t.Fatalf("%s: %+v is no state", contact, s)
		}
	}
	if !slices.IsSortedFunc(r.items, func(a, b *Item) int { return bytes.Compare([]byte(a.JID.String()), []byte(b.JID.String())) }) {
		t.Fatal("items are out of order")
	}
	doc := r.Encode()
	if len(doc) > r.itemBytes+r.requestBytes+16 {
		t.Fatalf("%d bytes, accounted as %d and %d", len(doc), r.itemBytes, r.requestBytes)
	}
	again, err := Decode(r.version, doc)
	if err != nil {
		t.Fatal(err)
	}
	if again.itemBytes != r.itemBytes || again.requestBytes != r.requestBytes || !bytes.Equal(again.Encode(), doc) {
		t.Fatalf("%+v became %+v", r, again)
	}
}

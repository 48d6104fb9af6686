package roster

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// stranger returns the i-th of many contacts.
func stranger(i int) events.JID {
	return events.StoredJID(fmt.Sprintf("contact%05d@example.org", i))
}

// large returns a roster of n contacts, as people have them.
func large(t testing.TB, n int) *Roster {
	t.Helper()
	r := &Roster{}
	for i := range n {
		item := &Item{JID: stranger(i), Name: fmt.Sprintf("Contact %d", i), Groups: []string{"Friends"}, Subscription: Both}
		r.items = append(r.items, item)
		r.itemBytes += item.size()
	}
	return r
}

func TestARosterHasALimitOfItems(t *testing.T) {
	t.Parallel()
	full := large(t, MaxItems)
	if _, err := full.Set(bob, "", nil); !errors.Is(err, ErrFull) {
		t.Errorf("one item more: %v", err)
	}
	if _, err := full.Outbound(bob, Subscribe); !errors.Is(err, ErrFull) {
		t.Errorf("one subscription more: %v", err)
	}
	if _, err := full.Outbound(stranger(1), Unsubscribe); err != nil {
		t.Errorf("a change of one there is: %v", err)
	}
	c, err := full.Remove(stranger(1))
	c, err = must(t, c, err).Set(bob, "", nil)
	must(t, c, err)
}

func TestARosterHasALimitOfBytes(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", MaxText)
	var r *Roster
	for i := 0; ; i++ {
		c, err := r.Set(stranger(i), long, []string{long})
		if errors.Is(err, ErrFull) {
			break
		}
		if r = must(t, c, err); i > MaxItems {
			t.Fatal("it never gets full")
		}
	}
	if n := len(r.Encode()); n > MaxItemBytes || r.itemBytes < MaxItemBytes-3*MaxText {
		t.Errorf("full at %d bytes, accounted as %d, the limit is %d", n, r.itemBytes, MaxItemBytes)
	}
	c, err := r.Set(stranger(0), "short", nil)
	must(t, c, err)
}

// A subscription adds numbers to an item. There is room for them from the
// beginning: a full roster must not keep a contact's answer from being stored.
func TestSubscriptionsChangeInAFullRoster(t *testing.T) {
	t.Parallel()
	var r *Roster
	for _, text := range []string{strings.Repeat("x", MaxText), strings.Repeat("x", 50), ""} {
		for {
			c, err := r.Set(stranger(r.Len()), text, nil)
			if errors.Is(err, ErrFull) {
				break
			}
			r = must(t, c, err)
		}
	}
	r = r.WithVersion(1 << 40)
	for _, kind := range []Kind{Subscribe, Unsubscribe, Subscribe} {
		c, err := r.Outbound(stranger(7), kind)
		r = must(t, c, err)
	}
	for _, kind := range []Kind{Subscribed, Subscribe, Unsubscribe, Subscribe} {
		c, err := r.Inbound(stranger(7), kind, Every-1, nil)
		r = must(t, c, err)
	}
	for _, kind := range []Kind{Subscribed, Unsubscribed} {
		c, err := r.Outbound(stranger(7), kind)
		r = must(t, c, err)
	}
}

func TestRequestsHaveLimits(t *testing.T) {
	t.Parallel()
	for _, size := range []int{10, MaxRequest} {
		stanza := make([]byte, size)
		var r *Roster
		n := 0
		for ; ; n++ {
			c, err := r.Inbound(stranger(n), Subscribe, Every, stanza)
			if errors.Is(err, ErrFull) {
				break
			}
			if r = must(t, c, err); n > MaxRequests {
				t.Fatal("it never gets full")
			}
		}
		if want := min(MaxRequests, MaxRequestBytes/(size+47)); n != want {
			t.Errorf("%d requests of %d bytes, want %d", n, size, want)
		}
		// Strangers who ask can't keep the user from having contacts.
		c, err := r.Set(bob, "", nil)
		must(t, c, err)
	}
	if _, err := (*Roster)(nil).Inbound(bob, Subscribe, Every, make([]byte, MaxRequest+1)); !errors.Is(err, ErrFull) {
		t.Errorf("a stanza that is too long: %v", err)
	}
}

// Whatever strangers have put into a roster, its owner can fill it.
func TestTheLongestDocumentFitsTheStore(t *testing.T) {
	t.Parallel()
	var r *Roster
	for i := range MaxNotices + 1 {
		r = r.WithNotice(make([]byte, MaxNotice))
		for _, size := range []int{MaxRequest, 100, 0} { // until none fits
			for n := 0; ; n++ {
				c, err := r.Inbound(stranger(100_000*i+10*n+size), Subscribe, Every, make([]byte, size))
				if errors.Is(err, ErrFull) {
					break
				}
				r = must(t, c, err)
			}
		}
	}
	for _, text := range []string{strings.Repeat("x", MaxText), "x"} {
		for {
			c, err := r.Set(stranger(r.Len()), text, []string{text})
			if errors.Is(err, ErrFull) {
				break
			}
			r = must(t, c, err)
		}
	}
	n := len(r.Encode())
	if n > events.MaxDocument || n < events.MaxDocument*9/10 {
		t.Errorf("the longest document has %d bytes, the store takes %d", n, events.MaxDocument)
	}
	if _, err := Decode(1, r.Encode()); err != nil {
		t.Error(err)
	}
}

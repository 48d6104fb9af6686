package keyframe

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func sid(n byte) events.SessionID { return events.SessionID{0: 1, 15: n} }

var head = Head{Stream: "RC_EV", Created: 1_700_000_000_000_000_000, Seq: 65536, At: 1_700_000_100_000_000_000, ID: events.EventID{1, 2, 3}}

// accounts are of every kind: one session, several, all that a session can have, and
// one that has none and is left out.
func accounts() []*session.Account { return withRoles("member", "admin", "night-shift") }

// withRoles are those whose first, second and third sessions have these roles.
func withRoles(roles ...string) []*session.Account {
	var all []*session.Account
	for i, name := range []string{"dave", "bob", "carol", "alice"} {
		a := session.NewAccount(events.StoredJID(name+"@localhost"), events.Seq(10*(i+1)))
		for n := range i {
			st := events.Stored{Seq: a.Seq, Record: events.Record{
				Session: sid(byte(10*i + n)), JID: events.StoredJID(fmt.Sprintf("%s@localhost/r%d", name, n)),
				Connector: events.Incarnation{Name: "c1", Epoch: 7},
				Event: events.Refreshed{
					Conn: events.ConnID{3: byte(n)}, Since: int64(n), Interested: true, Carbons: n == 1, Available: n > 0, Priority: int8(n),
					Presence: strings.Repeat("<presence/>", n), PresenceAt: 99, Managed: n == 2, Resumable: n == 2, TokenHash: strings.Repeat("h", n),
					Directed: []events.JID{events.StoredJID("erin@localhost")}[:n/2], Role: roles[n],
				},
			}}
			a = session.Restore(a.Seq, append(records(a), st))
		}
		all = append(all, a)
	}
	return all
}

// records repeats what an account has, to restore it with one session more.
func records(a *session.Account) (list []events.Stored) {
	for _, s := range a.Sessions() {
		list = append(list, events.Stored{Record: s.Record(), Seq: a.Seq})
	}
	return list
}

func clone(st *events.Stored) {
	st.JID = st.JID.Clone()
	st.Connector.Name = strings.Clone(st.Connector.Name)
}

func TestWhatIsDecodedIsWhatWasEncoded(t *testing.T) {
	t.Parallel()
	data := Encode(head, accounts())
	h, list, err := Decode(data, clone)
	if err != nil {
		t.Fatal(err)
	}
	want := head
	want.Sessions, want.Accounts, want.Format = 6, 3, Format
	if h != want {
		t.Errorf("head %+v, want %+v", h, want)
	}
	var names []string
	for _, a := range list {
		names = append(names, fmt.Sprint(a.JID().Local(), len(a.Sessions())))
	}
	if !slices.Equal(names, []string{"alice3", "bob1", "carol2"}) {
		t.Errorf("accounts %v", names)
	}
	if again := Encode(h, list); !bytes.Equal(again, data) {
		t.Error("encoded again, they give other bytes")
	}
}

// The head is read from the beginning alone, of whatever size the rest is.
func TestTheHeadIsReadByItself(t *testing.T) {
	t.Parallel()
	var many []*session.Account
	for i := range 20_000 {
		many = append(many, session.Apply(nil, &events.Stored{Seq: 1, Record: events.Record{
			ID: events.EventID{1}, Session: events.SessionID{byte(i), byte(i >> 8), 1}, JID: events.StoredJID(fmt.Sprintf("u%d@localhost", i*i)), Event: events.Authenticated{Address: fmt.Sprint(i * i * i)},
		}}))
	}
	for _, list := range [][]*session.Account{nil, accounts(), many} {
		h := head
		h.Leases = &session.Leases{Seq: 7, At: 9, Held: []session.Lease{{Incarnation: events.Incarnation{Name: "c1", Epoch: 3}, Since: 5}}}
		data := Encode(h, list)
		want, _, err := Decode(data, clone)
		if err != nil {
			t.Fatal(err)
		}
		got, err := DecodeHead(data[:min(len(data), events.KeyframePeek)])
		if err != nil || !reflect.DeepEqual(got, want) || want.Accounts > len(list) {
			t.Errorf("of %d bytes it is %+v, %v; want %+v", len(data), got, err, want)
		}
		for _, n := range []int{0, 3, 5, 9, 20} {
			if _, err := DecodeHead(data[:n]); !errors.Is(err, events.ErrDamaged) {
				t.Errorf("cut off after %d bytes: %v", n, err)
			}
		}
	}
	future := Encode(head, nil)
	future[len(magic)] = Format + 1
	if _, err := DecodeHead(future); !errors.Is(err, ErrFormat) {
		t.Errorf("of a future format: %v", err)
	}
}

func TestLeasesAreKeptInTheHead(t *testing.T) {
	t.Parallel()
	inc := func(name string, epoch uint64) events.Incarnation {
		return events.Incarnation{Name: name, Epoch: epoch}
	}
	for _, want := range []*session.Leases{
		nil,
		{},
		{Seq: 65000, At: 1_700_000_099_000_000_000},
		{Seq: 7, Held: []session.Lease{{Incarnation: inc("c1", 3), Since: 5}, {Incarnation: inc("c2", 1<<40), Since: -1}}},
		{Seq: 7, At: 9, Held: []session.Lease{{Incarnation: inc("c1", 3), Since: 5}}, Ended: []events.Incarnation{inc("c1", 2), inc("c3", 99)}},
	} {
		h := head
		h.Leases = want
		got, list, err := Decode(Encode(h, accounts()), clone)
		if err != nil || len(list) != 3 || !reflect.DeepEqual(got.Leases, want) {
			t.Errorf("%+v is decoded as %+v, with %d accounts, %v", want, got.Leases, len(list), err)
		}
	}
}

func TestTheOrderOfAccountsDoesNotMatter(t *testing.T) {
	t.Parallel()
	turned := accounts()
	slices.Reverse(turned)
	if !bytes.Equal(Encode(head, turned), Encode(head, accounts())) {
		t.Error("other bytes")
	}
}

// The golden file is what builds of this format have written. If this test fails, the
// format has changed: give it the next number and a file of its own, so that older
// builds name it and pass over it.
func TestTheFormatIsFrozen(t *testing.T) {
	t.Parallel()
	h, list := frozen(t, Format)
	if !bytes.Equal(Encode(h, list), Encode(head, accounts())) {
		t.Errorf("it holds other sessions; this build writes\n%x", Encode(head, accounts()))
	}
}

// frozen reads the golden file of a format.
func frozen(t *testing.T, format int) (Head, []*session.Account) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", fmt.Sprintf("format%d.hex", format)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := hex.DecodeString(strings.Join(strings.Fields(string(text)), ""))
	if err != nil {
		t.Fatal(err)
	}
	h, list, err := Decode(data, clone)
	if err != nil {
		t.Fatal(err)
	}
	if h.Format != format || h.Name().Format != format {
		t.Errorf("it says that it is of format %d", h.Format)
	}
	return h, list
}

// Format 2 had the same sessions, which had no roles.
func TestKeyframesOfBeforeThereWereRolesAreRead(t *testing.T) {
	t.Parallel()
	h, list := frozen(t, 2)
	if !bytes.Equal(Encode(h, list), Encode(head, withRoles("", "", ""))) {
		t.Error("it holds other sessions")
	}
}

func TestNoDamageGoesUnnoticed(t *testing.T) {
	t.Parallel()
	good := Encode(head, accounts())
	for i := range good {
		bad := bytes.Clone(good)
		bad[i] ^= 0x10
		// A few bits of zstd's own header change nothing of the output.
		h, list, err := Decode(bad, clone)
		if err == nil && !bytes.Equal(Encode(h, list), good) || err != nil && !errors.Is(err, events.ErrDamaged) && !errors.Is(err, ErrFormat) {
			t.Errorf("byte %d changed: %v", i, err)
		}
		if _, _, err := Decode(good[:i], clone); !errors.Is(err, events.ErrDamaged) {
			t.Errorf("%d of %d bytes: %v", i, len(good), err)
		}
	}
}

// FuzzDecode reads anything, and what it can read it writes again. The body is
// compressed and hashed as a writer does, or nothing but damage would be found.
func FuzzDecode(f *testing.F) {
	good := Encode(head, accounts())
	body, err := decompress(good[len(magic)+1:])
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body[:len(body)-32])
	held := head
	held.Leases = &session.Leases{Seq: 7, Held: []session.Lease{{Since: 5}}, Ended: []events.Incarnation{{Name: "c3", Epoch: 99}}}
	if body, err = decompress(Encode(held, nil)[len(magic)+1:]); err != nil {
		f.Fatal(err)
	}
	f.Add(body[:len(body)-32])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		h, list, err := Decode(sealed(body), clone)
		if err != nil {
			if !errors.Is(err, events.ErrDamaged) {
				t.Errorf("%v", err)
			}
			return
		}
		if _, again, err := Decode(Encode(h, list), clone); err != nil || len(again) != len(list) {
			t.Errorf("%d accounts, then %d, %v", len(list), len(again), err)
		}
	})
}

package session_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

func TestTheReserveIsEnoughForTheEndsOfAllSessions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit    uint64
		sessions int
		want     uint64
	}{
		{16 << 30, 0, 8 << 20},
		{16 << 30, 100_000, 8<<20 + 100_000<<10},
		{16 << 20, 0, 2 << 20},
		{16 << 20, 1000, 2<<20 + 1000<<10},
		{16 << 20, 1_000_000, 12 << 20}, // never more than three quarters of the log
		{16 << 20, -1, 2 << 20},
	} {
		if got := session.Reserve(tt.limit, tt.sessions); got != tt.want {
			t.Errorf("of %d bytes, with %d sessions: %d, want %d", tt.limit, tt.sessions, got, tt.want)
		}
	}
}

// The state of a log of 1 MiB when only the reserve is left, an eighth of it, and when
// three quarters of that are.
var (
	reserved = events.Info{MaxBytes: 1 << 20, Bytes: 1<<20 - 1<<17, Last: 100, Records: 1 << 12}
	full     = events.Info{MaxBytes: 1 << 20, Bytes: 1<<20 - 3<<15, Last: 100, Records: 1 << 12}
)

// Whoever was let in can finish its login.
func TestLoginsAreRefusedBeforeAnythingElseIs(t *testing.T) {
	t.Parallel()
	n := newNode(t, bustest.NewLog(), "c1")
	n.must("S1", session.Authenticate{Session: id("S1")})
	n.KeepReserve(reserved, 0)
	n.fails(session.Authenticate{Session: id("S2")}, session.ErrReserved)
	n.fails(session.CreateAccount{}, session.ErrReserved)
	n.must("S1", session.Bind{Session: id("S1"), Resource: "desk"})
	n.must("S1", session.RequestRoster{Session: id("S1")})
	n.must("S1", session.BecomeAvailable{Session: id("S1"), Stanza: "<presence/>"})
}

func TestALogThatIsNearlyFullTakesOnlyEnds(t *testing.T) {
	t.Parallel()
	n := newNode(t, bustest.NewLog(), "c1")
	for _, s := range []string{"S1", "S2", "S3"} {
		n.must(s, session.Authenticate{Session: id(s)})
		n.must(s, session.Bind{Session: id(s), Resource: s})
		n.must(s, session.EnableStreamManagement{Session: id(s), Resumable: true, Max: 60, TokenHash: s})
		n.must(s, session.BecomeAvailable{Session: id(s), Stanza: "<presence/>"})
		n.must(s, session.DirectPresence{Session: id(s), To: mustJID("bob@example.org"), Available: true})
	}
	n.must("S4", session.Authenticate{Session: id("S4")})
	if left := n.KeepReserve(full, 0); left > 0 {
		t.Fatalf("%d bytes are left", left)
	}
	refused := []session.Command{
		session.Authenticate{Session: id("S5")},
		session.Bind{Session: id("S4"), Resource: "S4"},
		session.Bind{Session: id("S4"), Resource: "S1"}, // not even the end of the other session is written
		session.RequestRoster{Session: id("S1")},
		session.BecomeAvailable{Session: id("S1"), Stanza: "<presence><show>away</show></presence>"},
		session.BecomeUnavailable{Session: id("S1"), Stanza: strings.Repeat("x", 1000)},
		session.SwitchCarbons{Session: id("S1"), On: true},
		session.Resume{Session: id("S4"), Previous: id("S1"), TokenHash: "S1"},
		session.ChangePassword{},
		session.CreateAccount{},
		session.EnableAccount{},
	}
	for _, c := range refused {
		n.fails(c, session.ErrReserved)
		n.fails(c, events.ErrFull)
	}
	if got := n.Refused(); got != 2*uint64(len(refused)) {
		t.Errorf("%d commands were refused", got)
	}

	if a := n.must("S1", session.DirectPresence{Session: id("S1"), To: mustJID("bob@example.org")}); len(a.Sessions()) != 4 {
		t.Errorf("%d sessions are left", len(a.Sessions()))
	}
	n.must("S1", session.BecomeUnavailable{Session: id("S1"), Stanza: "<presence type='unavailable'/>"})
	n.must("S1", session.Close{Session: id("S1"), Reason: events.ReasonClient})
	n.must("S2", session.Detach{Session: id("S2"), Reason: events.ReasonConnectionLost})
	n.must("", session.Expire{Now: math.MaxInt64})
	n.must("", session.Kick{Resource: "S3"})
	if a := n.must("", session.Fence{Lost: events.Incarnation{Name: "c1", Epoch: 1}}); len(a.Sessions()) != 0 {
		t.Errorf("%d sessions are left", len(a.Sessions()))
	}

	n.KeepReserve(events.Info{MaxBytes: 2 << 20, Bytes: full.Bytes, Last: full.Last, Records: full.Records}, 0)
	n.must("S5", session.Authenticate{Session: id("S5")})
}

func TestALogWithoutALimitTakesAll(t *testing.T) {
	t.Parallel()
	n := newNode(t, bustest.NewLog(), "c1")
	n.KeepReserve(full, 0)
	if left := n.KeepReserve(events.Info{Bytes: math.MaxInt64}, 0); left <= 0 {
		t.Errorf("%d bytes are left", left)
	}
	n.must("S1", session.Authenticate{Session: id("S1")})
}

// The log is not asked before each append. Records stored since it was, by
// whatever writer, show in the sequences that are acknowledged.
func TestWhatIsStoredBetweenTwoQuestionsCounts(t *testing.T) {
	t.Parallel()
	log := bustest.NewLog()
	n, other := newNode(t, log, "c1"), newNode(t, log, "c2")
	const record = 1 << 10
	info := events.Info{MaxBytes: 1 << 20, Bytes: 1<<20 - 1<<17 - 50*record, Records: (1<<20 - 1<<17 - 50*record) / record}
	if left := n.KeepReserve(info, 0); left != 50*record {
		t.Fatalf("%d bytes are left", left)
	}
	for i := range 40 {
		account := events.StoredJID(fmt.Sprintf("u%d@example.org", i))
		if _, _, err := other.Do(t.Context(), account, events.ConnID{}, session.CreateAccount{}); err != nil {
			t.Fatal(err)
		}
	}
	stored := 0
	for ; stored < 20; stored++ {
		_, _, err := n.Do(t.Context(), alice, events.ConnID{}, session.CreateAccount{})
		if errors.Is(err, session.ErrReserved) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if stored != 10 {
		t.Errorf("%d records were stored after the other's 40, want 10", stored)
	}
}

// Clients decide how long their presence is.
func TestLongStanzasBetweenTwoQuestionsCount(t *testing.T) {
	t.Parallel()
	n := newNode(t, bustest.NewLog(), "c1")
	n.must("S1", session.Authenticate{Session: id("S1")})
	n.must("S1", session.Bind{Session: id("S1"), Resource: "desk"})
	info := events.Info{MaxBytes: 64 << 20, Bytes: 56 << 20, Records: 1 << 20, Last: 1 << 20}
	show := func(what string) session.Command {
		return session.BecomeAvailable{Session: id("S1"), Stanza: strings.Repeat(what, 100<<10)}
	}
	for range 2 {
		n.KeepReserve(info, 0) // 2 MiB are left
		for range 20 {
			n.must("S1", show("x"))
		}
	}
	n.must("S1", show("y"))
	n.fails(show("z"), session.ErrReserved)
}

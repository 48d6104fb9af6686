package roster

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// states are the nine of RFC 6121, appendix A.1.
var states = map[string]state{
	"None":                  {},
	"None + Pending Out":    {ask: true},
	"None + Pending In":     {pendingIn: true},
	"None + Pending Out+In": {ask: true, pendingIn: true},
	"To":                    {to: true},
	"To + Pending In":       {to: true, pendingIn: true},
	"From":                  {from: true},
	"From + Pending Out":    {from: true, ask: true},
	"Both":                  {to: true, from: true},
}

// A rule is a line of the tables.
type rule struct {
	outbound  bool
	kind      Kind
	before    string
	pass      bool
	after     string
	autoReply bool
}

func rules(t *testing.T) []rule {
	t.Helper()
	f, err := os.Open("testdata/rfc6121-appendix-a.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []rule
	var table rule
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		switch cells := strings.Split(line, "|"); {
		case line == "" || strings.HasPrefix(line, "#"):
		case len(cells) == 1:
			direction, kind, _ := strings.Cut(line, " ")
			table.outbound = direction == "outbound"
			table.kind = mustKind(t, kind)
		default:
			all = append(all, table.row(cells))
		}
	}
	return all
}

func (r rule) row(cells []string) rule {
	r.before = strings.TrimSpace(cells[0])
	r.pass = strings.TrimSpace(cells[1]) == "MUST"
	after, reply := strings.CutSuffix(strings.TrimSpace(cells[2]), " auto-reply")
	r.after, r.autoReply = after, reply
	if after == "-" {
		r.after = r.before
	}
	return r
}

func mustKind(t *testing.T, s string) Kind {
	t.Helper()
	k, ok := ParseKind(s)
	if !ok || k.String() != s {
		t.Fatalf("kind %q is %v %v", s, k, ok)
	}
	return k
}

// in returns a roster that has the contact in a state.
func in(t *testing.T, s state) *Roster {
	t.Helper()
	r := &Roster{}
	var err error
	if s.pendingIn {
		if r, err = r.withRequest(Request{From: bob, Stanza: []byte("<presence/>")}); err != nil {
			t.Fatal(err)
		}
	}
	if bare := (state{pendingIn: s.pendingIn}); s == bare {
		return r
	}
	if r, err = r.withItem(&Item{JID: bob, Subscription: s.subscription(), Ask: s.ask, Approved: s.approved}); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r rule) apply(ro *Roster) (Change, error) {
	if r.outbound {
		return ro.Outbound(bob, r.kind)
	}
	return ro.Inbound(bob, r.kind, Every, []byte("<presence type='subscribe'/>"))
}

func TestTheTablesAreComplete(t *testing.T) {
	t.Parallel()
	seen := map[rule]bool{}
	for _, r := range rules(t) {
		if _, ok := states[r.before]; !ok {
			t.Errorf("unknown state %q", r.before)
		}
		if _, ok := states[r.after]; !ok {
			t.Errorf("unknown state %q", r.after)
		}
		seen[rule{outbound: r.outbound, kind: r.kind, before: r.before}] = true
	}
	if len(seen) != 9*8 {
		t.Errorf("%d rules, want 9 states by 8 stanzas", len(seen))
	}
}

func TestEveryStanzaInEveryStateFollowsTheRFC(t *testing.T) {
	t.Parallel()
	for _, r := range rules(t) {
		before := in(t, states[r.before])
		c, err := r.apply(before)
		if err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		want := states[r.after]
		// A "subscribed" that answers nothing is a pre-approval (section 3.4),
		// which the tables leave out.
		want.approved = r.outbound && r.kind == Subscribed && !r.pass && !want.from
		got := plain(c.Roster.state(bob))
		if got != want || c.Pass != r.pass {
			t.Errorf("%+v: %+v, pass %v; want %+v, pass %v", r, got, c.Pass, want, r.pass)
		}
		asks := !r.outbound && r.kind == Subscribe
		if reply := asks && between(state{ask: true}, 0, got).what == grant; reply != r.autoReply {
			t.Errorf("%+v: it is answered by the server: %t", r, reply)
		}
		if same := c.Roster == before; same != (want == states[r.before]) {
			t.Errorf("%+v: the same roster is %v", r, same)
		}
		if pushed := len(Diff(before, c.Roster)) == 1; pushed != visibly(states[r.before], want) {
			t.Errorf("%+v: pushed is %v", r, pushed)
		}
	}
}

// plain is a state without numbers, as the RFC has it.
func plain(s state) state {
	s.ours, s.theirs = 0, 0
	return s
}

// visibly reports that clients see a difference: pending-in alone is hidden.
func visibly(before, after state) bool {
	before.pendingIn, after.pendingIn = false, false
	return before != after
}

// RFC 6121, section 3.4.2.
func TestApprovalInAdvance(t *testing.T) {
	t.Parallel()
	for name, s := range states {
		if s.pendingIn || s.from {
			continue
		}
		before := in(t, s)
		approved, err := before.Outbound(bob, Subscribed)
		if err != nil || approved.Pass {
			t.Fatalf("%s: %+v, %v: nothing is routed", name, approved, err)
		}
		if item, _ := approved.Roster.Get(bob); !item.Approved || len(Diff(before, approved.Roster)) != 1 {
			t.Errorf("%s: %+v isn't approved and pushed", name, item)
		}

		asked, err := approved.Roster.Inbound(bob, Subscribe, Every, []byte("<presence/>"))
		if err != nil || asked.Pass {
			t.Errorf("%s: a request that was approved: %+v, %v; want it not delivered", name, asked, err)
		}
		want := s
		want.from, want.approved = true, true
		if got := plain(asked.Roster.state(bob)); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}

		cancelled, err := approved.Roster.Outbound(bob, Unsubscribed)
		if err != nil || cancelled.Pass || cancelled.Roster.state(bob) != s {
			t.Errorf("%s: cancelled: %+v, %v", name, cancelled, err)
		}
	}
}

package roster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// TestTwoRostersAgreeWhateverComesBetween lets two users do several things with
// each other's subscription at once. Between any two accesses to the documents
// anybody else's may come, and some actors die over what they do. Then:
//
//   - at every moment, whoever gets presence by its own roster is given it by the
//     other's;
//   - when all have ended the rosters say the same, at the latest after somebody
//     has looked.
func TestTwoRostersAgreeWhateverComesBetween(t *testing.T) {
	t.Parallel()
	for seed := range uint64(10_000) {
		if newStage(t, seed).play(deeds, deeds); t.Failed() {
			return
		}
	}
}

// TestOldProgramsDoNotKeepRostersApart is the same beside programs that don't know
// of the numbers of requests, and drop them. Then somebody may for a while get
// presence that the other does not give.
func TestOldProgramsDoNotKeepRostersApart(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2_000) {
		s := newStage(t, seed)
		s.old = true
		if s.play(deeds, deeds); t.Failed() {
			return
		}
	}
}

// TestWhatBothWantComesAbout: one asks and the other approves, each as often as it
// likes, before or after.
func TestWhatBothWantComesAbout(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2_000) {
		s := newStage(t, seed)
		s.deadly = false
		s.begin(alice, send(Subscribe))
		s.begin(bob, send(Subscribed))
		s.play([]deed{send(Subscribe)}, []deed{send(Subscribed)})
		if !s.rosters[alice].Watches(bob) {
			s.complain("alice does not get presence")
			return
		}
	}
}

// A full end is one whose contact's roster takes nothing more.
type fullEnd struct{ *stage }

func (f fullEnd) Change(account events.JID, by func(*Roster) (Change, error)) (Change, error) {
	if account == bob {
		return Change{}, ErrFull
	}
	return f.stage.Change(account, by)
}

func TestARequestThatTheContactsRosterDoesNotTakeFails(t *testing.T) {
	t.Parallel()
	if err := Send(fullEnd{newStage(t, 1)}, alice, bob, Subscribe); !errors.Is(err, ErrFull) {
		t.Errorf("the request ended with %v", err)
	}
}

func newStage(t *testing.T, seed uint64) *stage {
	chance := rand.New(rand.NewPCG(seed, 0))
	return &stage{t: t, seed: seed, chance: chance, deadly: chance.IntN(2) == 0, rosters: map[events.JID]*Roster{}}
}

// play lets some deeds of alice and of bob begin and go on, in an order that is the
// seed's. If some die, somebody looks afterwards.
func (s *stage) play(alices, bobs []deed) {
	for range 2 + s.chance.IntN(8) {
		if s.chance.IntN(2) == 0 {
			s.begin(alice, alices[s.chance.IntN(len(alices))])
		} else {
			s.begin(bob, bobs[s.chance.IntN(len(bobs))])
		}
		for range s.chance.IntN(12) {
			s.advance()
		}
	}
	for len(s.actors) > 0 {
		s.advance()
	}
	for _, j := range []events.JID{alice, bob} {
		if !s.deadly && !s.old {
			break // it must be so already
		}
		if err := Agree(s, j, other(j)); err != nil {
			s.complain("%v", err)
		}
	}
	s.checkAgreement()
}

// A deed is something that a user does about the other.
type deed func(e Ends, user, contact events.JID) error

var deeds = []deed{send(Subscribe), send(Subscribe), send(Subscribed), send(Subscribed), send(Unsubscribe), send(Unsubscribed), Cancel}

func send(k Kind) deed {
	return func(e Ends, user, contact events.JID) error { return Send(e, user, contact, k) }
}

func other(j events.JID) events.JID {
	if j == alice {
		return bob
	}
	return alice
}

// A stage has the two documents, and those who are about to access them.
type stage struct {
	t       *testing.T
	seed    uint64
	chance  *rand.Rand
	deadly  bool // some die over what they do
	old     bool // some programs are
	rosters map[events.JID]*Roster
	version uint64
	actors  []*actor
}

// An actor does a deed, one access at a time.
type actor struct {
	*stage
	turn chan bool // false: it dies
	rest chan bool // false: it has ended
	err  error
}

func (s *stage) begin(user events.JID, d deed) {
	a := &actor{stage: s, turn: make(chan bool), rest: make(chan bool)}
	go func() {
		defer close(a.rest)
		a.wait()
		a.err = d(a, user, other(user))
	}()
	<-a.rest
	s.actors = append(s.actors, a)
}

// wait waits for the actor's turn.
func (a *actor) wait() {
	a.rest <- true
	if !<-a.turn {
		runtime.Goexit()
	}
}

// advance lets one of the actors do what it is about to do, up to its next access.
func (s *stage) advance() {
	if len(s.actors) == 0 {
		return
	}
	i := s.chance.IntN(len(s.actors))
	a := s.actors[i]
	a.turn <- !s.deadly || s.chance.IntN(20) != 0
	if <-a.rest {
		return
	}
	if a.err != nil && !errors.Is(a.err, ErrNoItem) {
		s.complain("%v", a.err)
	}
	s.actors = slices.Delete(s.actors, i, i+1)
}

func (a *actor) Read(account events.JID) (*Roster, error) {
	a.wait()
	return a.stage.Read(account)
}

func (a *actor) Change(account events.JID, by func(*Roster) (Change, error)) (Change, error) {
	for {
		a.wait()
		old := a.rosters[account]
		c, err := by(old)
		if err != nil || c.Roster == old {
			return c, err
		}
		if a.wait(); a.put(account, old, c.Roster) {
			return c, nil
		}
	}
}

func (s *stage) Read(account events.JID) (*Roster, error) { return s.rosters[account], nil }

func (s *stage) Change(account events.JID, by func(*Roster) (Change, error)) (Change, error) {
	old := s.rosters[account]
	c, err := by(old)
	if err == nil && c.Roster != old {
		s.put(account, old, c.Roster)
	}
	return c, err
}

func (s *stage) Admits(events.JID, events.JID) (bool, error)    { return true, nil }
func (s *stage) Stanza(account, user events.JID, k Kind) []byte { return []byte("<presence/>") }
func (s *stage) Granted(owner, watcher events.JID)              {}

// put is a compare-and-set. Versions are those of both documents, as in the store.
func (s *stage) put(account events.JID, old, next *Roster) bool {
	if s.rosters[account].Version() != old.Version() {
		return false
	}
	s.version++
	r, err := Decode(s.version, next.Encode())
	if err != nil {
		s.complain("%v", err)
	}
	if s.old && s.chance.IntN(3) == 0 {
		r = withoutNumbers(r)
	}
	s.rosters[account] = r
	for _, j := range []events.JID{alice, bob} {
		if s.rosters[j].Watches(other(j)) && !s.rosters[other(j)].WatchedBy(j) && !s.old {
			s.complain("%s gets presence that it is not given", j)
		}
	}
	return true
}

// withoutNumbers is a roster as an older program writes it.
func withoutNumbers(r *Roster) *Roster {
	c := *r
	c.items, c.requests = nil, slices.Clone(r.requests)
	c.itemBytes, c.requestBytes = 0, 0
	for _, item := range r.items {
		old := *item
		old.ours, old.theirs = 0, 0
		c.items = append(c.items, &old)
		c.itemBytes += old.size()
	}
	for i := range c.requests {
		c.requests[i].number = 0
		c.requestBytes += c.requests[i].size()
	}
	return &c
}

func (s *stage) complain(format string, args ...any) {
	s.t.Errorf("seed %d: %s: alice %+v, bob %+v", s.seed, fmt.Sprintf(format, args...), s.rosters[alice].state(bob), s.rosters[bob].state(alice))
}

func (s *stage) checkAgreement() {
	for _, j := range []events.JID{alice, bob} {
		w, o := s.rosters[j].state(other(j)), s.rosters[other(j)].state(j)
		if w.to != o.from || w.ask != o.pendingIn {
			s.complain("%s and the other disagree", j)
		}
	}
}

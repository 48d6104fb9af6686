package ask

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/projector/keyframe"
	"github.com/rollcall-xmpp/rollcall/projector/query"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
)

// A Route is where stanzas to an address go at a moment, and why.
type Route struct {
	Verdicts []Verdict // one for each kind of stanza
	// Closed are those sessions of the account that the log closed later for the sake of
	// their connector: when that died is not known.
	Closed []LostLater
}

// A LostLater is a session that was closed after a moment because its connector was lost,
// maybe some time before.
type LostLater struct {
	JID       events.JID `json:"jid"`
	Connector string     `json:"connector"`
	Seq       events.Seq `json:"seq"`  // of the record that closed it
	Time      string     `json:"time"` // RFC 3339, UTC
}

// Route says where stanzas to a bare or full JID go at a moment. It reads the history of
// one account and decides as a connector does, whose table is that history folded.
func (s *Source) Route(ctx context.Context, to events.JID, m replay.Moment) (*Route, error) {
	r, err := s.recipient(ctx, to, m)
	if err != nil {
		return nil, err
	}
	closed, err := s.lostLater(ctx, r, m)
	if err != nil {
		return nil, err
	}
	return &Route{r.explain(), closed}, nil
}

// recipient finds what the rules look at, of one moment.
func (s *Source) recipient(ctx context.Context, to events.JID, m replay.Moment) (*recipient, error) {
	account, lost, err := s.holds(ctx, to.Bare(), m)
	if err != nil {
		return nil, err
	}
	exists := account != nil && len(account.Sessions()) > 0
	if !exists {
		if exists, err = s.existed(ctx, to.Bare(), m); err != nil {
			return nil, err
		}
	}
	r := newRecipient(to, account, exists, lost)
	served, known, err := Served(ctx, s.Leases)
	r.foreign = known && account == nil && !exists && !slices.Contains(served, to.Domain())
	return r, err
}

// holds is an account at a moment, and whose lease had ended. Where tables are kept that of
// the moment tells both; by themselves the records of an account may be all over the log.
func (s *Source) holds(ctx context.Context, account events.JID, m replay.Moment) (*session.Account, func(events.Incarnation) bool, error) {
	if s.Archive.Memory != nil && !IsNow(m) {
		past, err := replay.At(ctx, s.Archive, m)
		if err != nil {
			return nil, nil, err
		}
		return past.Account(account), past.IsLost, nil
	}
	a, err := s.accountAt(ctx, account, m)
	if err != nil {
		return nil, nil, err
	}
	lost, err := s.lostAt(ctx, m)
	return a, lost, err
}

func (s *Source) accountAt(ctx context.Context, account events.JID, m replay.Moment) (*session.Account, error) {
	if IsNow(m) {
		return s.Now.Account(ctx, account)
	}
	return replay.AccountAt(ctx, s.Archive, account, m)
}

// lostAt tells whose lease had ended at a moment: by the leases that there are, or by
// what the log said then.
func (s *Source) lostAt(ctx context.Context, m replay.Moment) (func(events.Incarnation) bool, error) {
	if !IsNow(m) {
		leases, err := replay.LeasesAt(ctx, s.Archive.Log, m)
		return leases.HasEnded, err
	}
	held, err := s.Leases.Alive(ctx)
	return func(i events.Incarnation) bool { return !events.Leased(held, i) }, err
}

// lostLater lists which of the recipient's sessions were closed after a moment of the past
// because their connectors were lost. It reads the account's records until all have ended,
// and not more than an interval between keyframes has.
func (s *Source) lostLater(ctx context.Context, r *recipient, m replay.Moment) (list []LostLater, err error) {
	open, n := len(r.here.Sessions()), 0
	if IsNow(m) || open == 0 {
		return nil, nil
	}
	after := events.Range{Account: r.to.Bare(), After: m.Seq, Since: m.Time}
	for st, err := range events.Intact(s.Archive.Read(ctx, after)) {
		if err != nil {
			return nil, err
		}
		one := r.here.Session(st.Session)
		if e, ok := st.Event.(events.Closed); ok && one != nil {
			if open--; e.Reason == events.ReasonConnectorLost {
				list = append(list, LostLater{one.JID(), one.Connector().Name, st.Seq, query.Timestamp(st.At)})
			}
		}
		if n++; open == 0 || n == keyframe.Interval {
			break
		}
	}
	return list, ctx.Err()
}

// existed reports whether there was such an account: now by its credentials, then by what
// its history says last. It reads the record that comes next, which names the one before.
func (s *Source) existed(ctx context.Context, account events.JID, m replay.Moment) (bool, error) {
	if IsNow(m) {
		_, err := s.Accounts.Credentials(ctx, account)
		switch {
		case errors.Is(err, auth.ErrNoAccount):
			return false, nil
		case events.IsDenied(err): // by the history, then
			return lastExists(s.Archive.Last(ctx, account))
		}
		return err == nil, err
	}
	after := events.Range{Account: account, After: m.Seq}
	if !m.Time.IsZero() {
		after.Since = m.Time.Add(1)
	}
	for st, err := range events.Intact(s.Archive.Read(ctx, after)) {
		if err != nil {
			return false, err
		}
		if st.Prev == 0 {
			return false, nil
		}
		return s.isAt(ctx, account, st.Prev)
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	return lastExists(s.Archive.Last(ctx, account))
}

// lastExists reports whether there is an account whose newest record that is.
func lastExists(last events.Stored, err error) (bool, error) {
	switch {
	case errors.Is(err, events.ErrNotFound):
		return false, nil
	case events.IsPoison(err):
		return true, nil // it can't be said, and most records are of accounts that there are
	}
	return err == nil && last.Event.Kind() != events.KindAccountRemoved, err
}

// isAt reports that there was the account after one of its records.
func (s *Source) isAt(ctx context.Context, account events.JID, seq events.Seq) (bool, error) {
	for st, err := range s.Archive.Read(ctx, events.Range{Account: account, After: seq - 1, To: seq}) {
		switch {
		case events.IsPoison(err):
			return true, nil
		case err != nil:
			return false, err
		}
		return st.Event.Kind() != events.KindAccountRemoved, nil
	}
	return false, ctx.Err() // the log has forgotten it
}

// A Verdict is what people are told of where stanzas of one kind go, and why. It
// is delivery.Decide that decides, as in the connectors.
type Verdict struct {
	To      events.JID `json:"to"`
	Stanza  string     `json:"stanza"` // chat, normal, headline, groupchat, presence, iq
	Action  string     `json:"action"` // deliver, store, answer, refuse, drop
	Error   string     `json:"error"`
	Targets []Target   `json:"targets"`
	Reason  string     `json:"reason"`
}

// A Target is a session that gets the stanza.
type Target struct {
	JID       events.JID `json:"jid"`
	Session   string     `json:"session"`
	Connector string     `json:"connector"`
	Priority  int8       `json:"priority"`
}

// Words are the actions without targets as people read them.
func (v *Verdict) Words() string {
	switch v.Action {
	case "store":
		return "kept until somebody comes online"
	case "answer":
		return "answered by the server"
	case "refuse":
		return "error " + v.Error
	}
	return "dropped"
}

// A recipient is what the rules look at: the address, whether there is such an
// account, and its sessions but for those of lost connectors.
type recipient struct {
	to      events.JID
	exists  bool
	foreign bool             // no connector serves the domain
	here    *session.Account // with the sessions that can be reached, best first
	lost    int              // sessions left out
}

// newRecipient leaves out the sessions of lost connectors, as connectors
// do, and counts them.
func newRecipient(to events.JID, a *session.Account, exists bool, lost func(events.Incarnation) bool) *recipient {
	r := &recipient{to: to, exists: exists, here: session.NewAccount(to, 0)}
	if a == nil {
		return r
	}
	var here []*session.Session
	for _, s := range a.Sessions() {
		if lost(s.Connector()) {
			r.lost++
			continue
		}
		here = append(here, s)
	}
	r.here = a.With(here)
	return r
}

// explained are the kinds of stanzas that people ask about.
var explained = []delivery.Kind{
	delivery.Chat, delivery.Normal, delivery.Headline, delivery.Groupchat, delivery.Presence, delivery.Request,
}

// explain says where each kind of stanza goes.
func (r *recipient) explain() []Verdict {
	all := make([]Verdict, 0, len(explained))
	for _, kind := range explained {
		d := delivery.Decide(delivery.Case{To: r.to, Kind: kind, Account: r.here, Foreign: r.foreign, Unknown: !r.exists})
		v := Verdict{
			To: r.to, Stanza: kind.String(), Action: d.Action.String(), Error: string(d.Condition),
			Reason: r.why(&d), Targets: make([]Target, 0, len(d.Targets)),
		}
		for _, s := range d.Targets {
			v.Targets = append(v.Targets, Target{s.JID(), s.ID.String(), s.Connector().Name, s.Priority})
		}
		all = append(all, v)
	}
	return all
}

// why is the rule that decided, with the numbers of this account.
func (r *recipient) why(v *delivery.Verdict) string {
	text := v.Reason.String()
	switch v.Reason {
	case delivery.ByPriority:
		text = fmt.Sprintf("highest priority %d: %d of %s (8.5.2.1.1)",
			v.Targets[0].Priority, len(v.Targets), count(len(r.here.Available()), "available resource"))
	case delivery.NobodyThere:
		text = r.nobody() + " (8.5.2.2)"
	}
	if !r.to.IsBare() && (v.ToAccount || v.Action == delivery.Store || v.Reason == delivery.NoSuchAccount) {
		text = "no session has this JID; as to the account: " + text
	}
	return text
}

// nobody says why no resource gets a message.
func (r *recipient) nobody() string {
	switch {
	case len(r.here.Available()) > 0:
		return "only negative priorities: " + count(len(r.here.Available()), "available resource")
	case len(r.here.Sessions()) > 0:
		return "no available resource: " + count(len(r.here.Sessions()), "session") + " without presence"
	case r.lost > 0:
		return "no available resource: the connector of " + count(r.lost, "session") + " is lost"
	}
	return "no available resource: nobody is online"
}

package pubsub_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/pep"
	"github.com/rollcall-xmpp/rollcall/session/pubsub"
	"github.com/rollcall-xmpp/rollcall/session/roster"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A world is what a service needs, without a connector: documents, rosters, sessions
// and who has been sent which event. It belongs to the test's goroutine.
type world struct {
	*pubsub.Service
	t       *testing.T
	docs    map[events.JID]events.Document
	last    uint64 // revision of docs
	gets    int    // how often a document was read
	rosters map[events.JID]*roster.Roster
	blocked map[[2]string]bool
	table   map[events.JID]*session.Account
	told    []string // answers and events, in their order
}

func newWorld(t *testing.T) *world {
	w := &world{
		t: t, docs: map[events.JID]events.Document{}, rosters: map[events.JID]*roster.Roster{},
		blocked: map[[2]string]bool{}, table: map[events.JID]*session.Account{},
	}
	var err error
	w.Service, err = pubsub.New(pubsub.Config{
		Documents: w, Rosters: w, Table: w, Delivery: w,
		Blocked: func(x, y events.JID) bool {
			return w.blocked[[2]string{x.Bare().String(), y.Bare().String()}] || w.blocked[[2]string{y.Bare().String(), x.Bare().String()}]
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Get implements events.Documents, with the three methods after it.
func (w *world) Get(_ context.Context, account events.JID) (events.Document, error) {
	w.gets++
	doc, ok := w.docs[account]
	if !ok {
		return doc, events.ErrNotFound
	}
	return doc, nil
}

func (w *world) Put(_ context.Context, account events.JID, data []byte, revision uint64) (uint64, error) {
	if w.docs[account].Revision != revision {
		return 0, events.ErrConflict
	}
	w.last++
	w.docs[account] = events.Document{JID: account, Data: data, Revision: w.last}
	return w.last, nil
}

func (w *world) Delete(_ context.Context, account events.JID, revision uint64) error {
	if w.docs[account].Revision != revision {
		return events.ErrConflict
	}
	delete(w.docs, account)
	return nil
}

func (w *world) Last(context.Context) (uint64, error) { return w.last, nil }

// Watch gives no changes: there are none while a test lets it run.
func (w *world) Watch(ctx context.Context, _ uint64) iter.Seq2[events.Document, error] {
	return func(func(events.Document, error) bool) { <-ctx.Done() }
}

// Known implements pubsub.Rosters, as Read does.
func (w *world) Known(account events.JID) *roster.Roster { return w.rosters[account] }

func (w *world) Read(_ context.Context, account events.JID) (*roster.Roster, error) {
	return w.rosters[account], nil
}

// Account implements pubsub.Table, and the three methods after it pubsub.Delivery.
func (w *world) Account(jid events.JID) *session.Account { return w.table[jid.Bare()] }

func (w *world) Reachable(account events.JID) *session.Account { return w.table[account] }

func (w *world) SendEvent(_ events.JID, to []*session.Session, _ events.Position, message []byte, wanted bool) {
	for _, s := range to {
		w.told = append(w.told, fmt.Sprintf("%s wanted=%t %s", s.JID(), wanted, message))
	}
}

func (w *world) Sync(context.Context) error { return nil }

// sees makes an account one that gets another's presence.
func (w *world) sees(watcher, owner string) {
	w.t.Helper()
	change := func(account string, by func(*roster.Roster) (roster.Change, error)) {
		c, err := by(w.rosters[bare(account)])
		if err != nil {
			w.t.Fatal(err)
		}
		w.last++
		w.rosters[bare(account)] = c.Roster.WithVersion(w.last)
	}
	change(watcher, func(r *roster.Roster) (roster.Change, error) { return r.Outbound(bare(owner), roster.Subscribe) })
	change(owner, func(r *roster.Roster) (roster.Change, error) {
		return r.Inbound(bare(watcher), roster.Subscribe, roster.Every, nil)
	})
	change(owner, func(r *roster.Roster) (roster.Change, error) { return r.Outbound(bare(watcher), roster.Subscribed) })
	change(watcher, func(r *roster.Roster) (roster.Change, error) {
		return r.Inbound(bare(owner), roster.Subscribed, roster.Every, nil)
	})
}

// available makes a session one that is.
func (w *world) available(full string) {
	jid, id := events.StoredJID(full), events.NewSessionID(time.Unix(1, 0))
	for _, e := range []events.Event{events.Authenticated{}, events.Bound{}, events.PresenceAvailable{Stanza: "<presence/>"}} {
		w.last++
		w.table[jid.Bare()] = session.Apply(w.table[jid.Bare()], &events.Stored{
			Record: events.Record{ID: events.NewEventID(time.Unix(1, 0)), Session: id, JID: jid, Event: e}, Seq: events.Seq(w.last),
		})
	}
}

// ask makes a request; what is told of it, and its error, come back.
func (w *world) ask(full, owner, typ, payload string) ([]string, error) {
	w.t.Helper()
	w.told = nil
	err := w.Handle(pubsub.Request{
		Most: pep.MaxBytes,
		From: events.StoredJID(full), Owner: bare(owner), Set: typ == "set", Payload: parse(w.t, payload),
		Answer: func(payload string) { w.told = append(w.told, "answer "+payload) },
	})
	return w.told, err
}

// must is ask where no error is expected.
func (w *world) must(full, owner, typ, payload string) []string {
	w.t.Helper()
	told, err := w.ask(full, owner, typ, payload)
	if err != nil {
		w.t.Fatalf("%s: %v", payload, err)
	}
	return told
}

// publish gives a node of the account a new item, and returns what is told.
func (w *world) publish(full, node, text string) []string {
	w.t.Helper()
	return w.must(full, string(events.StoredJID(full).Bare().Local()), "set",
		"<pubsub xmlns='"+pubsub.NS+"'><publish node='"+node+"'><item id='i'><x xmlns='urn:example:x'>"+text+"</x></item></publish></pubsub>")
}

// configure makes a node with an access model.
func (w *world) configure(full, node, access string) {
	w.t.Helper()
	w.must(full, events.StoredJID(full).Local(), "set", "<pubsub xmlns='"+pubsub.NS+"'><create node='"+node+"'/><configure>"+
		"<x xmlns='jabber:x:data' type='submit'><field var='pubsub#access_model'><value>"+access+"</value></field></x></configure></pubsub>")
}

// shown are the full JIDs of those that were sent an event, sorted.
func shown(told []string) (list []string) {
	for _, line := range told {
		if to, _, _ := strings.Cut(line, " "); to != "answer" {
			list = append(list, to)
		}
	}
	slices.Sort(list)
	return list
}

func bare(user string) events.JID { return events.StoredJID(user + "@x") }

func parse(t *testing.T, text string) *stanza.Element {
	t.Helper()
	el, err := stanza.Parse([]byte(text), stanza.NSClient, stanza.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return el
}

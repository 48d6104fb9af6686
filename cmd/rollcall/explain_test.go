package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rollcall/events"
	"rollcall/session"
)

// accountOf folds sessions written as "resource", "resource=priority" (which is
// available) or "resource=priority@connector" into an account. "!" after the
// priority makes a session wait for a connection.
func accountOf(t *testing.T, jid events.JID, sessions string) (a *session.Account) {
	t.Helper()
	seq := events.Seq(0)
	apply := func(id events.SessionID, who events.JID, connector string, e events.Event) {
		seq++
		a = session.Apply(a, &events.Stored{Seq: seq, At: int64(seq), Record: events.Record{
			Session: id, JID: who, Connector: events.Incarnation{Name: connector, Epoch: 1}, Event: e,
		}})
	}
	for word := range strings.FieldsSeq(sessions) {
		word, connector, elsewhere := strings.Cut(word, "@")
		if !elsewhere {
			connector = "c1"
		}
		word, detached := strings.CutSuffix(word, "!")
		resource, priority, available := strings.Cut(word, "=")
		id := events.NewID(time.Now())
		full, err := jid.WithResource(resource)
		if err != nil {
			t.Fatal(err)
		}
		apply(id, jid, connector, events.Authenticated{})
		apply(id, full, connector, events.Bound{})
		if available {
			var p int8
			fmt.Sscan(priority, &p)
			apply(id, full, connector, events.PresenceAvailable{Priority: p, Stanza: "<presence/>"})
		}
		if detached {
			apply(id, full, connector, events.StreamManagementEnabled{Resumable: true})
			apply(id, full, connector, events.Detached{})
		}
	}
	return a
}

// verdictText is a verdict as "action resource,resource".
func verdictText(v verdict) string {
	var to []string
	for _, t := range v.Targets {
		to = append(to, t.JID.Resource())
	}
	return strings.TrimSpace(string(v.Action) + " " + strings.Join(to, ","))
}

func TestRoutesFollowRFC6121(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, to, sessions                         string
		message, headline, groupchat, presence, iq string
	}{
		{"nobody is online", "bob@x", "",
			"store", "drop", "refuse", "drop", "answer"},
		{"one resource", "bob@x", "a=0",
			"deliver a", "deliver a", "refuse", "deliver a", "answer"},
		{"the highest priority wins", "bob@x", "a=1 b=5 c=0",
			"deliver b", "deliver b,a,c", "refuse", "deliver b,a,c", "answer"},
		{"all at the highest priority", "bob@x", "a=5 b=5 c=1",
			"deliver b,a", "deliver b,a,c", "refuse", "deliver b,a,c", "answer"},
		{"negative priorities get no messages", "bob@x", "a=-1 b=-5",
			"store", "drop", "refuse", "deliver a,b", "answer"},
		{"who sent no presence gets nothing", "bob@x", "a b",
			"store", "drop", "refuse", "drop", "answer"},
		{"lost connectors are passed over", "bob@x", "a=5@lost b=1",
			"deliver b", "deliver b", "refuse", "deliver b", "answer"},
		{"so are those whose clients are gone too", "bob@x", "a=5!@lost b=1!",
			"deliver b", "deliver b", "refuse", "deliver b", "answer"},
		{"a full JID goes to its session", "bob@x/a", "a b=5",
			"deliver a", "deliver a", "deliver a", "deliver a", "deliver a"},
		{"a negative priority too", "bob@x/a", "a=-1 b=5",
			"deliver a", "deliver a", "deliver a", "deliver a", "deliver a"},
		{"a full JID that is gone: messages go to the others", "bob@x/z", "a=1",
			"deliver a", "drop", "refuse", "drop", "refuse"},
		{"a full JID on a lost connector is gone", "bob@x/a", "a=5@lost",
			"store", "drop", "refuse", "drop", "refuse"},
	} {
		to, err := events.ParseJID(tt.to)
		if err != nil {
			t.Fatal(err)
		}
		lost := func(i events.Incarnation) bool { return i.Name == "lost" }
		r := newRecipient(to, accountOf(t, to.Bare(), tt.sessions), true, lost)
		got := make(map[string]string)
		for _, v := range r.explain() {
			got[v.Stanza] = verdictText(v)
			if v.Reason == "" {
				t.Errorf("%s: %s: no reason", tt.name, v.Stanza)
			}
		}
		want := map[string]string{"message": tt.message, "headline": tt.headline, "groupchat": tt.groupchat, "presence": tt.presence, "iq": tt.iq}
		for kind, w := range want {
			if got[kind] != w {
				t.Errorf("%s: %s: %s, want %s", tt.name, kind, got[kind], w)
			}
		}
	}
}

func TestNothingIsDeliveredOrKeptForAnAccountThatDoesNotExist(t *testing.T) {
	t.Parallel()
	to, err := events.ParseJID("nobody@x")
	if err != nil {
		t.Fatal(err)
	}
	r := newRecipient(to, nil, false, func(events.Incarnation) bool { return false })
	for _, v := range r.explain() {
		if v.Action != actRefuse && v.Action != actDrop {
			t.Errorf("%s: %s", v.Stanza, v.Action)
		}
	}
}

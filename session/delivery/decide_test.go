package delivery_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
	"github.com/rollcall-xmpp/rollcall/session/delivery"
)

// accountOf folds sessions written as "resource" or "resource=priority" (which is
// available) into an account. "+" at the end switches carbons on.
func accountOf(t *testing.T, jid events.JID, sessions string) (a *session.Account) {
	t.Helper()
	seq := events.Seq(0)
	apply := func(id events.SessionID, of events.JID, e events.Event) {
		seq++
		a = session.Apply(a, &events.Stored{Seq: seq, At: int64(seq), Record: events.Record{
			Session: id, JID: of, Connector: events.Incarnation{Name: "c1", Epoch: 1}, Event: e,
		}})
	}
	for word := range strings.FieldsSeq(sessions) {
		word, carbons := strings.CutSuffix(word, "+")
		resource, priority, available := strings.Cut(word, "=")
		id := events.NewSessionID(time.Now())
		full, err := jid.WithResource(resource)
		if err != nil {
			t.Fatal(err)
		}
		apply(id, jid, events.Authenticated{})
		apply(id, full, events.Bound{})
		if available {
			var p int8
			fmt.Sscan(priority, &p)
			apply(id, full, events.PresenceAvailable{Priority: p, Stanza: "<presence/>"})
		}
		if carbons {
			apply(id, full, events.CarbonsEnabled{})
		}
	}
	return a
}

// verdictText is a verdict as "action resource,resource +copied,copied".
func verdictText(v delivery.Verdict) string {
	text := v.Action.String()
	if v.Targets != nil {
		text += " " + resources(v.Targets)
	}
	if v.Carbons != nil {
		text += " +" + resources(v.Carbons)
	}
	return text
}

func resources(list []*session.Session) string {
	var names []string
	for _, s := range list {
		names = append(names, s.JID().Resource())
	}
	return strings.Join(names, ",")
}

func TestDecideFollowsRFC6121(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, to, sessions                                      string
		chat, normal, headline, groupchat, failed, presence, iq string
	}{
		{"nobody is online", "bob@x", "",
			"store", "store", "drop", "refuse", "drop", "drop", "answer"},
		{"one resource", "bob@x", "a=0",
			"deliver a", "deliver a", "deliver a", "refuse", "drop", "deliver a", "answer"},
		{"the highest priority wins", "bob@x", "a=1 b=5 c=0",
			"deliver b", "deliver b", "deliver b,a,c", "refuse", "drop", "deliver b,a,c", "answer"},
		{"all at the highest priority", "bob@x", "a=5 b=5 c=1",
			"deliver b,a", "deliver b,a", "deliver b,a,c", "refuse", "drop", "deliver b,a,c", "answer"},
		{"negative priorities get no messages", "bob@x", "a=-1 b=-5",
			"store", "store", "drop", "refuse", "drop", "deliver a,b", "answer"},
		{"headlines leave out negative priorities", "bob@x", "a=1 b=-1",
			"deliver a", "deliver a", "deliver a", "refuse", "drop", "deliver a,b", "answer"},
		{"a session without presence gets nothing", "bob@x", "a",
			"store", "store", "drop", "refuse", "drop", "drop", "answer"},
		{"a full JID goes to its session", "bob@x/a", "a b=5",
			"deliver a", "deliver a", "deliver a", "deliver a", "deliver a", "deliver a", "deliver a"},
		{"a negative priority too", "bob@x/a", "a=-1 b=5",
			"deliver a", "deliver a", "deliver a", "deliver a", "deliver a", "deliver a", "deliver a"},
		{"a full JID that is gone: a chat goes to the others", "bob@x/z", "a=1",
			"deliver a", "refuse", "drop", "refuse", "drop", "drop", "refuse"},
		{"or waits", "bob@x/z", "a=-1",
			"store", "refuse", "drop", "refuse", "drop", "drop", "refuse"},
		{"copies go to the others that want them", "bob@x", "a=1+ b=0+ c+ d",
			"deliver a +b,c", "deliver a +b,c", "deliver a,b", "refuse", "drop", "deliver a,b", "answer"},
		{"of what waits, too", "bob@x", "a=-1+",
			"store +a", "store +a", "drop", "refuse", "drop", "deliver a", "answer"},
		{"the server takes no messages", "x", "",
			"refuse", "refuse", "refuse", "refuse", "drop", "drop", "answer"},
	} {
		to := events.StoredJID(tt.to)
		account := accountOf(t, to.Bare(), tt.sessions)
		for kind, want := range map[delivery.Kind]string{
			delivery.Chat: tt.chat, delivery.Normal: tt.normal, delivery.Headline: tt.headline, delivery.Groupchat: tt.groupchat,
			delivery.ErrorMessage: tt.failed, delivery.Presence: tt.presence, delivery.Request: tt.iq,
		} {
			got := delivery.Decide(delivery.Case{To: to, Kind: kind, Account: account})
			if verdictText(got) != want {
				t.Errorf("%s: %s: %s, want %s", tt.name, kind, verdictText(got), want)
			}
			if (got.Action == delivery.Refuse) != (got.Condition != "") {
				t.Errorf("%s: %s: %s with the condition %q", tt.name, kind, got.Action, got.Condition)
			}
		}
	}
}

// allKinds are all that there are.
func allKinds() (list []delivery.Kind) {
	for k := delivery.Normal; k <= delivery.Response; k++ {
		list = append(list, k)
	}
	return list
}

func TestNothingIsDeliveredOrKeptForAnAccountThatDoesNotExist(t *testing.T) {
	t.Parallel()
	for _, to := range []string{"nobody@x", "nobody@x/r"} {
		for _, kind := range allKinds() {
			v := delivery.Decide(delivery.Case{To: events.StoredJID(to), Kind: kind, Unknown: true})
			if v.Action != delivery.Refuse && v.Action != delivery.Drop {
				t.Errorf("%s to %s: %s", kind, to, v.Action)
			}
		}
	}
}

func TestWhatIsForAnotherDomainIsRefused(t *testing.T) {
	t.Parallel()
	for _, kind := range allKinds() {
		v := delivery.Decide(delivery.Case{To: events.StoredJID("bob@elsewhere"), Kind: kind, Foreign: true})
		switch answers := kind == delivery.ErrorMessage || kind == delivery.Response; {
		case answers && v.Action != delivery.Drop:
			t.Errorf("%s: %s", kind, v.Action)
		case !answers && v.Condition != "remote-server-not-found":
			t.Errorf("%s: %s with %q", kind, v.Action, v.Condition)
		}
	}
}

// Deciding is on the way of every stanza.
func TestDecidingAllocatesNothing(t *testing.T) {
	bob := events.StoredJID("bob@x")
	account := accountOf(t, bob, "a=1 b=0")
	for _, to := range []string{"bob@x", "bob@x/a", "bob@x/gone"} {
		c := delivery.Case{To: events.StoredJID(to), Kind: delivery.Chat, Account: account}
		if n := testing.AllocsPerRun(100, func() { delivery.Decide(c) }); n != 0 {
			t.Errorf("to %s: %v", to, n)
		}
	}
}

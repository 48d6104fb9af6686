package replay_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/replay"
	"github.com/rollcall-xmpp/rollcall/session"
)

// How long do sessions last, by the reason of their end? In a program of its
// own the log is that of a running service:
//
//	b, err := bus.Connect(ctx, bus.Config{URL: "nats://127.0.0.1:4222", Existing: true})
//	log := b.Log()
func ExampleSessions() {
	ctx, log, now := context.Background(), workday(), nine.Add(10*time.Hour)
	total, count := map[events.Reason]time.Duration{}, map[events.Reason]int{}
	for s, err := range replay.Sessions(ctx, replay.Archive{Log: log}, replay.Span{}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if s.Ended == 0 {
			fmt.Println(s.JID(), "has been online for", s.Duration(now))
			continue
		}
		fmt.Println(s.JID(), "was online for", s.Duration(now))
		total[s.Reason] += s.Duration(now)
		count[s.Reason]++
	}
	for _, reason := range []events.Reason{events.ReasonClient, events.ReasonConnectionLost} {
		fmt.Println(reason, "after", total[reason]/time.Duration(count[reason]), "on average")
	}
	// Output:
	// bob@localhost/phone was online for 20m0s
	// alice@localhost/desk was online for 8h0m0s
	// carol@localhost/hall was online for 7h0m0s
	// bob@localhost/phone has been online for 30m0s
	// client after 7h30m0s on average
	// connection_lost after 20m0s on average
}

var nine = time.Date(2026, time.January, 30, 9, 0, 0, 0, time.UTC)

// A recorded log is one that grows no more.
type recorded struct {
	events.Log
	records []*events.Stored
}

func (l *recorded) Read(context.Context, events.Range) iter.Seq2[*events.Stored, error] {
	return func(yield func(*events.Stored, error) bool) {
		for _, st := range l.records {
			if !yield(st, nil) {
				return
			}
		}
	}
}

// do records what came of a command, some time after nine.
func (l *recorded) do(after time.Duration, account events.JID, c session.Command) {
	var a *session.Account
	for _, st := range l.records {
		if st.Account() == account {
			a = session.Apply(a, st)
		}
	}
	steps, err := session.Decide(a, c)
	if err != nil {
		panic(err)
	}
	for _, s := range steps {
		r := events.Record{Session: s.Session, JID: s.JID, Event: s.Event}
		if r.JID.IsZero() {
			r.JID = account
		}
		l.records = append(l.records, &events.Stored{Record: r, Seq: events.Seq(len(l.records) + 1), At: nine.Add(after).UnixNano()})
	}
}

// workday is a log of three people and four sessions.
func workday() events.Log {
	l := &recorded{}
	for _, s := range []struct {
		who, resource string
		from, to      time.Duration // to 0: it goes on
		why           events.Reason
	}{
		{"alice", "desk", 0, 8 * time.Hour, events.ReasonClient},
		{"carol", "hall", time.Hour, 8 * time.Hour, events.ReasonClient},
		{"bob", "phone", 2 * time.Hour, 2*time.Hour + 20*time.Minute, events.ReasonConnectionLost},
		{"bob", "phone", 9*time.Hour + 30*time.Minute, 0, ""},
	} {
		id := events.SessionID{15: byte(len(l.records) + 1)}
		account, err := events.NewJID(s.who, "localhost", "")
		if err != nil {
			panic(err)
		}
		l.do(s.from, account, session.Authenticate{Session: id, Mechanism: "PLAIN"})
		l.do(s.from, account, session.Bind{Session: id, Resource: s.resource})
		if s.to > 0 {
			l.do(s.to, account, session.Close{Session: id, Reason: s.why})
		}
	}
	slices.SortStableFunc(l.records, func(a, b *events.Stored) int { return int(a.At - b.At) })
	for i, st := range l.records {
		st.Seq = events.Seq(i + 1)
	}
	return l
}

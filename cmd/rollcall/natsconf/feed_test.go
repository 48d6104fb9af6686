package natsconf_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
)

// A feed's reader is any program, in an account of its own.
func TestAFeedReadsWhatIsPublishedAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, nodes := range []int{1, 3} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			t.Parallel()
			s := start(t, nodes)
			s.connect(t, "admin", false)
			p := s.connect(t, "publisher", true).Public()
			must(t, p.Make(within(t), "source", "network", 1))
			must(t, s.connect(t, "admin", true).Public().AddFeed(within(t), bus.Feed{Name: "ends", From: 1}))
			var events []bus.PublicMessage
			for range 300 {
				events = append(events, bus.PublicMessage{Subject: bus.PublicSubject("session", "closed", "7"), Data: []byte("{}")})
			}
			must(t, p.Publish(within(t), 1, events))
			nc, told := s.raw(t, "feed")
			js, err := jetstream.New(nc)
			must(t, err)
			readFeed(t, js, len(events))
			feedIsAlone(t, s, nc, js, told)
		})
	}
}

// readFeed reads as the examples of "rollcall feed show" do.
func readFeed(t *testing.T, js jetstream.JetStream, n int) {
	t.Helper()
	feed, err := js.Consumer(within(t), "RC_PUBLIC", "ends")
	must(t, err)
	messages, err := feed.Messages(jetstream.PullMaxMessages(10))
	must(t, err)
	defer messages.Stop()
	for seq := 1; seq <= n; seq++ {
		m, err := messages.Next()
		must(t, err)
		if at, err := m.Metadata(); err != nil || at.Sequence.Stream != uint64(seq) {
			t.Fatalf("event %d is %+v, %v", seq, at, err)
		}
		must(t, m.Ack())
	}
	for ctx := within(t); ; {
		info, err := feed.Info(ctx)
		must(t, err)
		if info.AckFloor.Stream == uint64(n) {
			return
		}
	}
}

// feedIsAlone tries what a reader might do beside.
func feedIsAlone(t *testing.T, s *servers, nc *nats.Conn, js jetstream.JetStream, told <-chan error) {
	t.Helper()
	for _, subject := range []string{
		"rc.v1.ev.07.example_2eorg.alice", "rc.v1.pub.session.closed.7", "$KV.RC_ACCOUNTS.x", "rc.v1.ask.sessions", "rc.v1.api.sessions.list",
		"$JS.API.STREAM.MSG.GET.RC_PUBLIC", "$JS.API.CONSUMER.CREATE.RC_PUBLIC.x", "$JS.API.CONSUMER.DELETE.RC_PUBLIC.ends",
		"$JS.API.STREAM.DELETE.RC_PUBLIC", "$JS.API.STREAM.INFO.RC_EV", "$JS.API.CONSUMER.MSG.NEXT.RC_EV.x", "$JS.API.INFO", "_INBOX.x",
	} {
		must(t, nc.PublishRequest(subject, nats.NewInbox(), nil))
		wantViolation(t, told, `Publish to "`+subject)
	}
	for _, subject := range []string{">", "rc.v1.>", "$KV.>", "_RC.>"} {
		_, err := nc.SubscribeSync(subject)
		must(t, err)
		wantViolation(t, told, `Subscription to "`+subject)
	}
	// The answer to a request goes where it says; that leads nowhere from another account.
	log := s.connect(t, "service", true)
	before, err := log.Log().Info(within(t))
	must(t, err)
	must(t, nc.PublishRequest("$JS.API.STREAM.INFO.RC_PUBLIC", "rc.v1.ev.07.example_2eorg.alice", nil))
	_, err = js.Stream(within(t), "RC_PUBLIC") // by when that has been answered
	must(t, err)
	after, err := log.Log().Info(within(t))
	must(t, err)
	if after.Last != before.Last {
		t.Errorf("a reader of a feed wrote to the log, which is at %d", after.Last)
	}
}

func wantViolation(t *testing.T, told <-chan error, of string) {
	t.Helper()
	select {
	case err := <-told:
		if !strings.Contains(strings.ReplaceAll(err.Error(), `"feeds.`, `"`), of) {
			t.Errorf("it is told %v, want %s", err, of)
		}
	case <-time.After(patience):
		t.Errorf("it may: %s", of)
	}
}

// Nobody but a user gets that user's answers, or sees what others are asked.
func TestNobodyReadsTheAnswersOfOthers(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	for _, user := range everybody {
		nc, told := s.raw(t, user)
		for _, other := range everybody {
			subject := s.inbox(t, other) + ".>"
			if other == user {
				subject = "_INBOX.>"
			}
			_, err := nc.SubscribeSync(subject)
			must(t, err)
			wantViolation(t, told, `Subscription to "`+subject)
		}
		for _, subject := range []string{">", "$JS.>", "rc.v1.ev.>", "rc.v1.audit"} {
			_, err := nc.SubscribeSync(subject)
			must(t, err)
			wantViolation(t, told, `Subscription to "`+subject)
		}
	}
}

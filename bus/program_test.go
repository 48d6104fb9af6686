package bus_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A programsWorld is a service with a feed, and a program that was let in.
type programsWorld struct {
	bus     *bus.Bus
	nc      *nats.Conn
	js      jetstream.JetStream
	refused chan error // what NATS says the program may not do
}

func newProgramsWorld(t *testing.T) *programsWorld {
	t.Helper()
	s := serve(t, natsd.Options{Listen: "127.0.0.1:0"})
	publish, subscribe := bus.ProgramSubjects()
	s.Admit(func(string) *natsd.Program {
		return &natsd.Program{Name: "it", Publish: publish, Subscribe: subscribe, Stays: func() bool { return true }}
	})
	w := &programsWorld{bus: connect(t, bus.Config{InProcess: s, Inbox: bus.OwnInbox}), refused: make(chan error, 10)}
	p := w.bus.Public()
	must(t, p.Make(within(t), aSource, "network", 1))
	must(t, p.AddFeed(within(t), bus.Feed{Name: "all"}))
	must(t, p.Publish(within(t), 1, publics(1, 3)))
	w.nc, w.js = raw(t, s.URL(), nats.Token("any"),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { w.refused <- err }))
	return w
}

func TestAProgramReadsFeedsAndAsksTheService(t *testing.T) {
	t.Parallel()
	w := newProgramsWorld(t)
	feed, err := w.js.Consumer(within(t), bus.PublicStream, "all")
	must(t, err)
	batch, err := feed.Fetch(3, jetstream.FetchMaxWait(patience))
	must(t, err)
	n := 0
	for m := range batch.Messages() {
		must(t, m.DoubleAck(within(t)))
		n++
	}
	if n != 3 || batch.Error() != nil {
		t.Errorf("it reads %d events, %v", n, batch.Error())
	}
	go w.bus.Serve(t.Context(), "1.0.0", nil, []bus.Endpoint{{Name: "echo", Answer: func(_ context.Context, q bus.Question) bus.Answer {
		return bus.Answer{Status: 200, Data: q.Data}
	}}})
	for {
		answer, err := w.nc.Request("rc.v1.api.echo", []byte("hello"), patience)
		if errors.Is(err, nats.ErrNoResponders) {
			continue // the service is not there yet
		}
		must(t, err)
		if string(answer.Data) != "hello" {
			t.Errorf("the service says %q", answer.Data)
		}
		return
	}
}

func TestAProgramMayDoNothingElse(t *testing.T) {
	t.Parallel()
	w := newProgramsWorld(t)
	api := func(what, body string) func() error {
		return func() error { return w.nc.Publish("$JS.API."+what, []byte(body)) }
	}
	listen := func(subject string) func() error {
		return func() error { _, err := w.nc.SubscribeSync(subject); return err }
	}
	for name, do := range map[string]func() error{
		"write the log":               func() error { return w.nc.Publish(bus.LogSubject(alice), nil) },
		"write the published form":    func() error { return w.nc.Publish(bus.PublicSubject("session", "closed", "7"), nil) },
		"read the log":                api("STREAM.MSG.GET.RC_EV", `{"seq":1}`),
		"read the log directly":       api("DIRECT.GET.RC_EV", `{"seq":1}`),
		"read credentials":            api("STREAM.MSG.GET.KV_RC_ACCOUNTS", `{"seq":1}`),
		"read tokens":                 api("DIRECT.GET.KV_RC_TOKENS", `{"seq":1}`),
		"change a document":           func() error { return w.nc.Publish("$KV.RC_ROSTERS.example_2eorg.alice", nil) },
		"list the streams":            api("STREAM.NAMES", ""),
		"remove the published form":   api("STREAM.DELETE."+bus.PublicStream, ""),
		"empty it":                    api("STREAM.PURGE."+bus.PublicStream, ""),
		"make a consumer":             api("CONSUMER.CREATE."+bus.PublicStream, ""),
		"make a named one":            api("CONSUMER.CREATE."+bus.PublicStream+".x", ""),
		"make one as older clients":   api("CONSUMER.DURABLE.CREATE."+bus.PublicStream+".x", ""),
		"remove a feed":               api("CONSUMER.DELETE."+bus.PublicStream+".all", ""),
		"read another stream's":       api("CONSUMER.MSG.NEXT.RC_EV.x", ""),
		"acknowledge another's":       func() error { return w.nc.Publish("$JS.ACK.RC_EV.x.1.1.1.1.0", nil) },
		"send stanzas":                func() error { return w.nc.Publish("rc.v1.to.c1.1", nil) },
		"ask connectors":              func() error { return w.nc.Publish("rc.v1.ask.table", nil) },
		"see stanzas":                 listen("rc.v1.to.>"),
		"see what is written":         listen("rc.v1.ev.>"),
		"see questions to the API":    listen("rc.v1.api.>"),
		"see what the service reads":  listen(bus.OwnInbox + ".>"),
		"see everything":              listen(">"),
		"see what the server reports": listen("$JS.EVENT.>"),
	} {
		if err := errors.Join(do(), w.nc.Flush()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		select {
		case err := <-w.refused:
			if !errors.Is(err, nats.ErrPermissionViolation) {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(patience):
			t.Errorf("it may %s", name)
		}
	}
}

// Whoever asks says where it wants the answer: NATS does not ask whether it may publish there.
func TestAProgramWritesNothingByAskingForAnswersElsewhere(t *testing.T) {
	t.Parallel()
	w := newProgramsWorld(t)
	log, accounts := w.bus.Log(), w.bus.Accounts()
	first, err := log.Append(within(t), record(alice, 0, "kept"))
	must(t, err)
	_, err = accounts.Put(within(t), alice, []byte("secret"), 0)
	must(t, err)
	go w.bus.Serve(t.Context(), "1.0.0", nil, []bus.Endpoint{{Name: "echo", Answer: func(_ context.Context, q bus.Question) bus.Answer {
		return bus.Answer{Status: 200, Data: q.Data}
	}}})
	for {
		if _, err := w.nc.Request("rc.v1.api.echo", nil, patience); !errors.Is(err, nats.ErrNoResponders) {
			must(t, err)
			break // the service is there
		}
	}
	for _, elsewhere := range []string{
		bus.LogSubject(alice), "$KV.RC_ACCOUNTS.example_2eorg.alice", "$JS.API.STREAM.PURGE.RC_EV", "$JS.API.STREAM.DELETE.RC_EV", "$JS.API.STREAM.DELETE.KV_RC_ACCOUNTS",
	} {
		for subject, data := range map[string]string{
			"$JS.API.CONSUMER.MSG.NEXT." + bus.PublicStream + ".all": `{"batch":10,"no_wait":true}`, // events, and that there are no more
			"$JS.API.INFO":   "",
			"rc.v1.api.echo": "",
			"$SRV.PING":      "",
		} {
			must(t, w.nc.PublishRequest(subject, elsewhere, []byte(data)))
			_, err := w.nc.Request("rc.v1.api.echo", nil, patience) // what was asked before is answered
			must(t, err)
		}
	}
	if last, err := log.Last(within(t), alice); err != nil || last.Seq != first.Seq {
		t.Errorf("the account's last record is %d, %v; want %d", last.Seq, err, first.Seq)
	}
	if doc, err := accounts.Get(within(t), alice); err != nil || string(doc.Data) != "secret" {
		t.Errorf("the credentials are %q, %v", doc.Data, err)
	}
}

// The answers that the service gets from NATS come where programs can't listen: credentials are among them.
func TestAProgramDoesNotSeeTheAnswersToTheService(t *testing.T) {
	t.Parallel()
	w := newProgramsWorld(t)
	sub, err := w.nc.SubscribeSync("_INBOX.>")
	must(t, err)
	must(t, w.nc.Flush())
	d := w.bus.Accounts()
	for i := range 3 {
		_, err := d.Put(within(t), user(i), []byte("secret"), 0)
		must(t, err)
		_, err = d.Get(within(t), user(i))
		must(t, err)
	}
	_, err = w.bus.Log().Append(within(t), record(alice, 0, "secret"))
	must(t, err)
	for range w.bus.Log().Read(within(t), events.Range{}) {
		break
	}
	must(t, w.nc.Flush())
	if n, _, err := sub.Pending(); n > 0 || err != nil {
		m, _ := sub.NextMsg(patience)
		t.Errorf("it sees %d answers, %v, the first at %s", n, err, fmt.Sprint(m))
	}
}

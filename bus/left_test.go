package bus_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// The room left within an account's limit shrinks by the bytes that are stored.
func TestAnAccountSaysHowMuchItMayStillStore(t *testing.T) {
	t.Parallel()
	const limit = 256 << 20
	config := filepath.Join(t.TempDir(), "nats.conf")
	must(t, os.WriteFile(config, fmt.Appendf(nil, `accounts { A { jetstream: { max_file: %d }, users: [ { user: a, password: a } ] } }
no_auth_user: a`, limit), 0o600))
	server := bustest.StartServer(t, "-c", config)
	b := connect(t, bus.Config{URL: server.URL})
	before, ok, err := b.Log().Left(within(t))
	if err != nil || !ok || before > limit || before < limit/2 {
		t.Fatalf("%d, %t, %v", before, ok, err)
	}
	for i := range 100 {
		_, err := b.Log().Append(within(t), &events.Record{JID: events.StoredJID(fmt.Sprintf("u%d@localhost", i)), Event: events.AccountCreated{}})
		must(t, err)
	}
	if after, ok, err := b.Log().Left(within(t)); err != nil || !ok || after >= before || after < before-1<<20 {
		t.Errorf("before %d, and after %d, %t, %v", before, after, ok, err)
	}
}

// An embedded server's account has no limit: its disk has one, which the server knows.
func TestTheDiskOfAnEmbeddedServerLimitsTheLog(t *testing.T) {
	t.Parallel()
	const most = 256 << 20
	server := serve(t, natsd.Options{MaxStore: most})
	b := connect(t, bus.Config{InProcess: server})
	if left, ok, err := b.Log().Left(within(t)); ok || err != nil {
		t.Errorf("%d is left, %v", left, err)
	}
	before, err := server.Free()
	if err != nil || before <= 0 || before > most {
		t.Fatalf("%d, %v", before, err)
	}
	for i := range 100 {
		_, err := b.Log().Append(within(t), &events.Record{JID: events.StoredJID(fmt.Sprintf("u%d@localhost", i)), Event: events.AccountCreated{}})
		must(t, err)
	}
	if after, err := server.Free(); err != nil || after >= before || after < before-1<<20 {
		t.Errorf("before %d, and after %d, %v", before, after, err)
	}
}

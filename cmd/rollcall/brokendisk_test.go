package main

import (
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/lossy"
)

// Nobody can tell what a disk has that failed at a sync. So nothing is acknowledged from
// then on, nobody waits for it, and the operator is told why by all that he looks at.
func TestAProcessWhoseDiskFailsRefusesLoginsAndSaysWhy(t *testing.T) {
	t.Parallel()
	disk := &testDisk{dir: t.TempDir(), lossy: lossy.NewDisk()}
	unmount, err := disk.lossy.Mount(disk.dir)
	if err != nil {
		t.Log("no disk that can fail:", err)
		return
	}
	t.Cleanup(func() {
		if err := unmount(); err != nil {
			t.Error(err)
		}
	})
	p := connectorProcess(t, t.TempDir(), "a", "--data", filepath.Join(disk.dir, "a"),
		"--nats-listen", "127.0.0.1:0", "--http", "127.0.0.1:0", "--fsync", "always")
	importAccounts(t, p.nats(), []string{"alice", "bob"})
	login := func(user string) error {
		c, err := dialXMPP(p.xmpp(), "localhost", user, password(user, 0), "phone")
		if err == nil {
			c.close()
		}
		return err
	}
	if err := login("alice"); err != nil {
		t.Fatal(err)
	}
	disk.lossy.Break()
	reason := regexp.MustCompile("sync stream RC_EV: .*: input/output error")
	begun := time.Now()
	login("alice") // it is on its way when the disk fails, and what became of it is looked for
	if err := login("bob"); err == nil || !strings.Contains(err.Error(), "temporary-auth-failure") {
		t.Errorf("bob: %v", err)
	}
	if took := time.Since(begun); took > patience/2 {
		t.Errorf("both were refused after %s", took)
	}
	if said := p.err.String(); !strings.Contains(said, "login refused") || !reason.MatchString(said) {
		t.Errorf("the log says\n%s", said)
	}
	eventually(t, "it is not ready", func() bool {
		code, body := p.get(t, "/readyz")
		return code == http.StatusServiceUnavailable && strings.Contains(body, `"unsynced"`) && reason.MatchString(body)
	})
}

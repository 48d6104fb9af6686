package natsconf_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
)

// The commands that the documents have people give nats-server, given to it.

func TestNATSServerFindsNothingWrongWithTheFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cfg := cluster(t)
	_, err := cfg.Write(dir)
	must(t, err)
	for _, n := range cfg.Nodes {
		file := filepath.Join(dir, n.File())
		if said := bustest.RunServer(t, "-c", file, "-t"); !strings.Contains(said, "configuration file "+file+" is valid") {
			t.Errorf("%s: %s", n.File(), said)
		}
	}
}

// Certificates are renewed by nats-config, run again, and a reload. While the server reloads
// it refuses whoever logs in.
func TestARenewedCertificateIsTakenByAReload(t *testing.T) {
	t.Parallel()
	s := start(t, 1)
	serial := func() (string, error) {
		nc, _, err := s.dial(t, "admin")
		if err != nil {
			return "", err
		}
		defer nc.Close()
		state, err := nc.TLSConnectionState()
		must(t, err)
		return state.PeerCertificates[0].SerialNumber.String(), nil
	}
	before, err := serial()
	must(t, err)
	_, err = s.Write(s.dir)
	must(t, err)
	if still, err := serial(); err != nil || still != before {
		t.Errorf("it is taken before: %v", err)
	}
	bustest.RunServer(t, "--signal", fmt.Sprintf("reload=%d", s.processes[0].PID()))
	for ctx := within(t); ; {
		now, err := serial()
		if err == nil && now != before {
			return
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			t.Fatalf("it is not taken: %v", err)
		}
	}
}

package main

import (
	"regexp"
	"testing"
	"time"
)

// deathTime is the time within which the sessions of a killed connector are closed,
// whenever its lease would end.
const deathTime = 10 * time.Second

var wentAway = regexp.MustCompile(`alice@localhost/r2.*unavailable|unavailable.*alice@localhost/r2`)

func TestAKilledConnectorIsCleanedUpWithinTenSeconds(t *testing.T) {
	t.Parallel()
	ps := twoConnectors(t)
	alice := visitor(t, ps[0], "alice")
	other, err := dialXMPP(ps[1].xmpp(), "localhost", "alice", "alice", "r2")
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	if _, err := other.ask("<presence/>", "presence"); err != nil {
		t.Fatal(err)
	}
	if err := ps[1].cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	killed := time.Now()
	if err := alice.expect(wentAway); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(killed); took > deathTime {
		t.Errorf("it took %s", took)
	} else {
		t.Logf("it took %s", took)
	}
}

package main

import (
	"net"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// managed logs in with stream management and returns the token to resume by.
func managed(t *testing.T, p *process, user, resource, enable string) (*client, string) {
	t.Helper()
	c, err := dialXMPP(p.xmpp(), "localhost", user, user, resource)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.close)
	enabled, err := c.ask("<enable xmlns='urn:xmpp:sm:3' resume='true' "+enable+"/>", "enabled")
	if err != nil {
		t.Fatal(err)
	}
	return c, enabled.Attr("id")
}

// resume goes on with a session on a new connection.
func resume(t *testing.T, p *process, user, token string) (*client, error) {
	t.Helper()
	nc, err := net.DialTimeout("tcp", p.xmpp(), patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	c := &client{nc: nc, reader: stanza.NewReader(nc, stanza.Limits{})}
	if err := c.authenticate("localhost", user, user); err != nil {
		t.Fatal(err)
	}
	_, err = c.ask("<resume xmlns='urn:xmpp:sm:3' h='0' previd='"+token+"'/>", "resumed")
	return c, err
}

var repeated = regexp.MustCompile("refreshed")

// Sessions that are older than everything that the log has are whole, on a connector
// that has never seen their beginnings too: they are shown, resumed, kicked, and end
// when they have waited long enough, or with their connector.
func TestWhatTheLogHasForgottenOfLiveSessionsIsMissedNowhere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	a := connectorProcess(t, dir, "a", "--nats-listen", "127.0.0.1:0")
	url := a.nats()
	importUsers(t, dir, url, "alice", "bob", "carol")
	kicked, _ := managed(t, a, "alice", "kicked", "")
	lost, token := managed(t, a, "alice", "resumed", "")
	expired, late := managed(t, a, "bob", "expires", "max='1'")
	visitor(t, a, "carol") // is there when its connector is killed
	if err := retain(url, 3*time.Second); err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{"alice", "bob", "carol"} {
		await(t, "the sessions of "+user+" to be repeated", func() bool {
			out, err := rollcall(t, "history", user+"@localhost", "--nats", url)
			return err == nil && repeated.Match(out)
		})
	}
	b := connectorProcess(t, dir, "b", "--nats", url)
	sessionsAre(t, url, `"alice@localhost/kicked"`, `"alice@localhost/resumed"`, `"bob@localhost/expires"`, `"carol@localhost/r"`)

	lost.close()
	if _, err := resume(t, a, "alice", token); err != nil {
		t.Errorf("resume: %v", err)
	}
	if out, err := rollcall(t, "kick", "alice@localhost/kicked", "--nats", url); err != nil {
		t.Errorf("kick: %v, %s", err, out)
	}
	if err := kicked.expect(streamEnd); err != nil {
		t.Error(err)
	}
	expired.close()
	sessionsAre(t, url, `"alice@localhost/resumed"`, `"carol@localhost/r"`)
	refused, err := resume(t, a, "bob", late)
	if err == nil {
		t.Error("a session is resumed after it has ended")
	}
	refused.close() // it is authenticated, and could bind
	rightTable(t, url)

	// The end of a connector that nobody of those who follow saw begin.
	b.kill()
	sessionsAre(t, url, `"alice@localhost/resumed"`, `"carol@localhost/r"`)
	a.kill()
	a = connectorProcess(t, dir, "a", "--nats-listen", "127.0.0.1:0")
	sessionsAre(t, a.nats())
	rightTable(t, a.nats())
}

var fullJID = regexp.MustCompile(`"jid":("[^"]*")`)

// sessionsAre waits until rollcall sessions shows these, by JID, and no others.
func sessionsAre(t *testing.T, url string, want ...string) {
	t.Helper()
	var got []string
	for end := time.Now().Add(patience); ; <-time.After(50 * time.Millisecond) {
		out, err := rollcall(t, "sessions", "--json", "--nats", url)
		if err != nil {
			t.Fatalf("sessions: %v", err)
		}
		got = nil
		for _, m := range fullJID.FindAllSubmatch(out, -1) {
			got = append(got, string(m[1]))
		}
		slices.Sort(got)
		switch {
		case slices.Equal(got, want):
			return
		case time.Now().After(end):
			t.Fatalf("the sessions are %v, want %v", got, want)
		}
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rollcall-xmpp/rollcall/bus/bustest"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// longestWait bounds the wait of a client while a cluster elects leaders. They took
// 7 s mostly, and 15 s once in a while.
const longestWait = 30 * time.Second

// TestANodesDeathIsNotNoticed kills each server of a cluster of three in turn, and
// starts it again, so that the leader of every stream dies once at least; then one
// hangs. Clients of two connectors do all sorts of things meanwhile: no session ends,
// nothing is refused, and no message is lost, doubled or overtaken.
func TestANodesDeathIsNotNoticed(t *testing.T) {
	t.Parallel()
	cluster := bustest.StartCluster(t, 3)
	dir := t.TempDir()
	connectors := []*process{
		connectorProcess(t, dir, "a", "--nats", cluster.URL), connectorProcess(t, dir, "b", "--nats", cluster.URL),
	}
	defer func() {
		for i := 0; t.Failed() && i < len(connectors); i++ {
			t.Logf("connector %d said:\n%s", i, connectors[i].err.String())
		}
	}()
	importUsers(t, dir, cluster.URL, "dave", "erin", "u0", "u1", "u2", "u3")
	js := jetstreamOf(t, cluster)
	var (
		stop  atomic.Bool
		all   []*busyClient
		work  sync.WaitGroup
		after = time.Now()
	)
	for i := range 4 {
		all = append(all, newBusyClient(t, connectors[i%2], i))
	}
	for _, c := range all {
		work.Go(func() { c.work(&stop) })
	}
	work.Go(func() { comeAndGo(t, connectors, &stop) })
	defer func() {
		stop.Store(true)
		work.Wait()
	}()
	one, two, three := cluster.Servers[0], cluster.Servers[1], cluster.Servers[2]
	for _, death := range []struct {
		of         string
		begin, end func()
	}{
		{"n1", one.Kill, one.Start}, {"n2", two.Kill, two.Start}, {"n3", three.Kill, three.Start},
		{"n1", one.Freeze, one.Thaw}, // it hangs, with all its connections
	} {
		awaitWhole(t, js)
		awaitRounds(t, all)
		leads := leaders(t, js)[death.of]
		begun := time.Now()
		death.begin()
		awaitLeaders(t, js)
		awaitRounds(t, all)
		t.Logf("without %s, which led %v, all was done again after %s", death.of, leads, time.Since(begun))
		death.end()
	}
	awaitRounds(t, all)
	stop.Store(true)
	work.Wait()
	for _, c := range all {
		c.slowest.log(t)
	}
	wantMessagesFor(t, connectors[0], "dave", all)
	said, err := exec.Command("rollcall", "history", "--nats", cluster.URL, "--since", time.Since(after).String()).CombinedOutput()
	if err != nil || strings.Contains(string(said), "connector_lost") {
		t.Errorf("%v: the history has sessions that were lost:\n%s", err, said)
	}
	if said, err := exec.Command("rollcall", "verify", "--nats", cluster.URL).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, said)
	}
}

// importUsers makes accounts with their names as passwords.
func importUsers(t *testing.T, dir, url string, names ...string) {
	t.Helper()
	var list strings.Builder
	for _, name := range names {
		fmt.Fprintf(&list, "%s@localhost:%s\n", name, name)
	}
	importList(t, dir, url, list.String())
}

// importList makes accounts of lines user@domain:password.
func importList(t *testing.T, dir, url, list string) {
	t.Helper()
	file := filepath.Join(dir, "users")
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("rollcall", "user", "import", "--nats", url, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}

// A busyClient changes its presence, its roster and its private storage, and
// writes to its partner on the other connector and to dave, who is away.
type busyClient struct {
	*client
	t       *testing.T
	name    string
	partner string
	rounds  atomic.Int64
	got     int // messages of the partner
	slowest waits
}

func newBusyClient(t *testing.T, p *process, number int) *busyClient {
	c := &busyClient{
		t: t, client: visitor(t, p, fmt.Sprintf("u%d", number)), slowest: waits{},
		name: fmt.Sprintf("u%d@localhost/r", number), partner: fmt.Sprintf("u%d@localhost/r", number^1),
	}
	c.nc.SetDeadline(time.Time{})
	return c
}

// work goes on until it is told to stop, or something goes wrong.
func (c *busyClient) work(stop *atomic.Bool) {
	for n := 0; !stop.Load(); n++ {
		for _, do := range []struct{ what, xml, answer string }{
			{"presence", fmt.Sprintf("<presence><status>%d</status></presence>", n), fmt.Sprintf("<status>%d</status>", n)},
			{"roster", fmt.Sprintf("<iq type='set' id='r%d'><query xmlns='jabber:iq:roster'><item jid='dave@localhost' name='%d'/></query></iq>", n, n), fmt.Sprintf("r%d", n)},
			{"private storage", fmt.Sprintf("<iq type='set' id='p%d'><query xmlns='jabber:iq:private'><x xmlns='x'>%d</x></query></iq>", n, n), fmt.Sprintf("p%d", n)},
			{"message", fmt.Sprintf("<message type='chat' to='%s' id='%d'><body>hi</body></message><iq type='get' id='i%d'><ping xmlns='urn:xmpp:ping'/></iq>", c.partner, n, n), fmt.Sprintf("i%d", n)},
			{"offline message", offline(n), fmt.Sprintf("o%d", n)},
		} {
			begun := time.Now()
			if err := c.exchange(do.xml, do.answer); err != nil {
				c.t.Errorf("%s, %s of round %d, after %s: %v", c.name, do.what, n, time.Since(begun), err)
				stop.Store(true)
				return
			}
			c.slowest.add(do.what, time.Since(begun))
		}
		c.rounds.Add(1)
		<-time.After(200 * time.Millisecond)
	}
}

// offline is a message to dave in one of 20 rounds, for 100 at most may wait for him.
func offline(n int) string {
	ping := fmt.Sprintf("<iq type='get' id='o%d'><ping xmlns='urn:xmpp:ping'/></iq>", n)
	if n%20 > 0 {
		return ping
	}
	return fmt.Sprintf("<message type='chat' to='dave@localhost' id='%d'><body>hi</body></message>", n/20) + ping
}

// exchange sends a stanza and reads until the answer comes. Messages of the partner
// that come meanwhile are in order.
func (c *busyClient) exchange(xml, answer string) error {
	c.nc.SetDeadline(time.Now().Add(longestWait))
	if _, err := c.nc.Write([]byte(xml)); err != nil {
		return err
	}
	for {
		el, err := c.reader.Next()
		if err != nil {
			return err
		}
		text := string(el.Raw())
		switch from, _, _ := strings.Cut(el.Attr("from"), "/"); {
		case el.Attr("type") == "error":
			return errors.New(text)
		case el.Is(stanza.NSClient, "message") && el.Attr("id") == strconv.Itoa(c.got):
			c.got++
		case el.Is(stanza.NSClient, "message"):
			return fmt.Errorf("message %d of the partner is %s", c.got, text)
		case el.Is(stanza.NSClient, "iq") && el.Attr("id") == answer,
			el.Is(stanza.NSClient, "presence") && strings.HasPrefix(c.name, from) && strings.Contains(text, answer):
			return nil
		}
	}
}

// waits are the longest of each kind.
type waits map[string]time.Duration

func (w waits) add(what string, d time.Duration) { w[what] = max(w[what], d) }

func (w waits) log(t *testing.T) { t.Logf("the longest waits: %v", w) }

var streamEnd = regexp.MustCompile("end of stream")

// comeAndGo logs erin in and out, by turns at both connectors.
func comeAndGo(t *testing.T, connectors []*process, stop *atomic.Bool) {
	var slowest time.Duration
	for n := 0; !stop.Load(); n++ {
		begun := time.Now()
		c, err := dialXMPP(connectors[n%2].xmpp(), "localhost", "erin", "erin", "r")
		if err != nil {
			t.Errorf("login %d of erin, after %s: %v", n, time.Since(begun), err)
			return
		}
		slowest = max(slowest, time.Since(begun))
		fmt.Fprint(c.nc, "</stream:stream>")
		c.expect(streamEnd)
		c.close()
		<-time.After(200 * time.Millisecond)
	}
	t.Logf("the slowest login took %s", slowest)
}

// wantMessagesFor reads the messages that wait for a user: of each client all, each
// once, in order.
func wantMessagesFor(t *testing.T, p *process, user string, from []*busyClient) {
	t.Helper()
	want, next := 0, map[string]int{}
	for _, c := range from {
		want += int(c.rounds.Load()+19) / 20
	}
	dave := connected(t, p, user)
	fmt.Fprint(dave.nc, "<presence/>") // the messages may come before its answer
	for range want {
		el, err := dave.reader.Next()
		for err == nil && !el.Is(stanza.NSClient, "message") {
			el, err = dave.reader.Next()
		}
		if err != nil {
			t.Fatalf("%v after %v of %d messages", err, next, want)
		}
		if n := next[el.Attr("from")]; el.Attr("id") != strconv.Itoa(n) {
			t.Errorf("message %s of %s came in place %d", el.Attr("id"), el.Attr("from"), n)
		}
		next[el.Attr("from")]++
	}
}

// awaitRounds waits until every client has done everything twice: the rest of a
// round that was under way, and a whole one.
func awaitRounds(t *testing.T, all []*busyClient) {
	t.Helper()
	var marks []int64
	for _, c := range all {
		marks = append(marks, c.rounds.Load()+2)
	}
	for i, c := range all {
		await(t, "a client's round", func() bool { return c.rounds.Load() >= marks[i] })
	}
}

func jetstreamOf(t *testing.T, cluster *bustest.Cluster) jetstream.JetStream {
	t.Helper()
	nc, err := nats.Connect(cluster.URL, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond), nats.PingInterval(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(nc.Close)
	js, err := jetstream.New(nc)
	if err != nil {
		t.Fatal(err)
	}
	return js
}

// eachStream reports whether all streams are as wanted.
func eachStream(t *testing.T, js jetstream.JetStream, as func(*jetstream.StreamInfo) bool) bool {
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	n := 0
	list := js.ListStreams(ctx)
	for info := range list.Info() {
		n++
		if info.Cluster == nil || info.Cluster.Leader == "" || !as(info) {
			return false
		}
	}
	return list.Err() == nil && n >= 8
}

func awaitWhole(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	await(t, "all replicas", func() bool {
		return eachStream(t, js, func(info *jetstream.StreamInfo) bool {
			return len(info.Cluster.Replicas) == 2 && !slices.ContainsFunc(info.Cluster.Replicas, func(r *jetstream.PeerInfo) bool { return !r.Current || r.Offline })
		})
	})
}

func awaitLeaders(t *testing.T, js jetstream.JetStream) {
	t.Helper()
	await(t, "leaders", func() bool { return eachStream(t, js, func(*jetstream.StreamInfo) bool { return true }) })
}

// leaders lists the streams that each server leads.
func leaders(t *testing.T, js jetstream.JetStream) map[string][]string {
	by := map[string][]string{}
	await(t, "leaders", func() bool {
		clear(by)
		return eachStream(t, js, func(info *jetstream.StreamInfo) bool {
			by[info.Cluster.Leader] = append(by[info.Cluster.Leader], info.Config.Name)
			return true
		})
	})
	return by
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for end := time.Now().Add(2 * longestWait); !done(); <-time.After(50 * time.Millisecond) {
		if t.Failed() || time.Now().After(end) {
			t.Fatalf("given up waiting for %s", what)
		}
	}
}

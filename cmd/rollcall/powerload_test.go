package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/xdg-go/scram"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
	"github.com/rollcall-xmpp/rollcall/session/stanza"
)

// A ledger is what clients saw acknowledged, of one account each, and what a
// reader of the log has read.
type ledger struct {
	mu    sync.Mutex
	users map[string]acknowledged       // guarded
	read  map[events.Seq]events.EventID // guarded
}

// acknowledged is what was promised to an account's client. All but the messages
// are counted: each change names its number.
type acknowledged struct {
	logins, presences, rosters, passwords int
	messages                              int // to somebody who is away
}

func (l *ledger) note(user string, change func(*acknowledged)) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.users[user]
	change(&a)
	l.users[user] = a
}

// copy is the ledger of this moment.
func (l *ledger) copy() *ledger {
	l.mu.Lock()
	defer l.mu.Unlock()
	return &ledger{users: maps.Clone(l.users), read: maps.Clone(l.read)}
}

// total says how much that is.
func (l *ledger) total() string {
	var sum acknowledged
	for _, a := range l.users {
		sum.logins += a.logins
		sum.presences += a.presences
		sum.rosters += a.rosters
		sum.passwords += a.passwords
		sum.messages += a.messages
	}
	return fmt.Sprintf("%+v", sum)
}

// follow reads the log as connectors do, until ctx ends.
func (l *ledger) follow(ctx context.Context, b *bus.Bus) {
	for st, err := range b.Log().Follow(ctx, 0) {
		if err != nil {
			continue // the process is killed at the end
		}
		l.mu.Lock()
		l.read[st.Seq] = st.Record.ID
		l.mu.Unlock()
	}
}

// A powerClient logs in, does everything that is acknowledged, and leaves, again
// and again.
type powerClient struct {
	*client
	user  string
	at    string // host:port
	book  *ledger
	sent  int // stanzas, since stream management was enabled
	count acknowledged
}

func password(user string, n int) string { return fmt.Sprintf("secret of %s, %d", user, n) }

func away(user string) string { return user + "-away" }

// work goes on until the process is gone.
func (c *powerClient) work(stop *atomic.Bool) error {
	for !stop.Load() {
		if err := c.visit(); err != nil {
			if stop.Load() {
				return nil
			}
			return fmt.Errorf("%s: %w", c.user, err)
		}
	}
	return nil
}

func (c *powerClient) visit() (err error) {
	if c.client, err = dialXMPP(c.at, "localhost", c.user, password(c.user, c.count.passwords), "r"); err != nil {
		return err
	}
	defer c.close()
	c.sent = 0
	c.note(func(a *acknowledged) { a.logins++ })
	if _, err := c.ask("<enable xmlns='urn:xmpp:sm:3'/>", "enabled"); err != nil {
		return err
	}
	for range 3 {
		if err := c.change(); err != nil {
			return err
		}
	}
	next := c.count.passwords + 1
	err = c.until(fmt.Sprintf("<iq type='set' id='pw%d'><query xmlns='jabber:iq:register'><username>%s</username><password>%s</password></query></iq>", next, c.user, password(c.user, next)), fmt.Sprintf("id='pw%d' type='result'", next))
	if err == nil {
		c.note(func(a *acknowledged) { a.passwords++ })
	}
	return err
}

// change does each thing once.
func (c *powerClient) change() error {
	n := c.count.presences + 1
	if err := c.until(fmt.Sprintf("<presence><status>n%d.</status></presence>", n), fmt.Sprintf("<status>n%d[.]</status>", n)); err != nil {
		return err
	}
	c.note(func(a *acknowledged) { a.presences++ })
	n = c.count.rosters + 1
	if err := c.until(fmt.Sprintf("<iq type='set' id='r%d'><query xmlns='jabber:iq:roster'><item jid='x@localhost' name='%d'/></query></iq>", n, n), fmt.Sprintf("id='r%d'", n)); err != nil {
		return err
	}
	c.note(func(a *acknowledged) { a.rosters++ })
	if n = c.count.messages + 1; n > bus.MaxWaiting {
		return nil
	}
	if err := c.until(fmt.Sprintf("<message type='chat' to='%s@localhost' id='m%d'><body>hi</body></message>", away(c.user), n), ""); err != nil {
		return err
	}
	if err := c.counted(); err != nil {
		return err
	}
	c.note(func(a *acknowledged) { a.messages++ })
	return nil
}

func (c *powerClient) note(change func(*acknowledged)) {
	change(&c.count)
	c.book.note(c.user, change)
}

// until sends a stanza and reads until the answer, if there is to be one.
func (c *powerClient) until(xml, answer string) error {
	c.nc.SetDeadline(time.Now().Add(patience))
	if _, err := c.nc.Write([]byte(xml)); err != nil {
		return err
	}
	if c.sent++; answer == "" {
		return nil
	}
	return c.expect(regexp.MustCompile(answer))
}

// counted asks how many stanzas were handled (XEP-0198) until that is all.
func (c *powerClient) counted() error {
	for {
		if _, err := c.nc.Write([]byte("<r xmlns='urn:xmpp:sm:3'/>")); err != nil {
			return err
		}
		for {
			el, err := c.reader.Next()
			if err != nil {
				return err
			}
			if el.Local() != "a" {
				continue
			}
			if h, err := strconv.Atoi(el.Attr("h")); err != nil || h > c.sent {
				return errors.Join(fmt.Errorf("%s of %d stanzas are handled", el.Attr("h"), c.sent), err)
			} else if h == c.sent {
				return nil
			}
			break
		}
	}
}

// found is what there is of an account after the power failure.
type found struct {
	acknowledged
	waiting []string // ids of messages
}

// look sees what there is of an account, and takes the messages that wait. Its
// password is the one of some number from least to most, as b knows.
func look(ctx context.Context, p *process, b *bus.Bus, user string, least, most int) (f found, err error) {
	if f.passwords, err = passwordNow(ctx, b, user, least, most); err != nil {
		return f, err
	}
	c, err := dialXMPP(p.xmpp(), "localhost", user, password(user, f.passwords), "look")
	if err != nil {
		return f, err
	}
	defer c.close()
	el, err := c.ask("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>", "iq")
	if err != nil {
		return f, err
	}
	if item := el.Child("jabber:iq:roster", "query").Child("jabber:iq:roster", "item"); item != nil {
		f.rosters, _ = strconv.Atoi(item.Attr("name"))
	}
	f.waiting, err = collect(p, away(user))
	return f, err
}

// passwordNow finds the password's number by the keys that are kept. To try them at
// the door would look like an attack.
func passwordNow(ctx context.Context, b *bus.Bus, user string, least, most int) (int, error) {
	doc, err := b.Accounts().Get(ctx, events.StoredJID(user+"@localhost"))
	if err != nil {
		return 0, err
	}
	keys, err := auth.DecodeCredentials(doc.Data)
	if err != nil {
		return 0, err
	}
	for n := most; n >= least; n-- {
		c, err := scram.SHA1.NewClient(user, password(user, n), "")
		if err != nil {
			return 0, err
		}
		kept, err := c.GetStoredCredentialsWithError(scram.KeyFactors{Salt: string(keys.SHA1.Salt), Iters: keys.SHA1.Iterations})
		if err != nil {
			return 0, err
		}
		if bytes.Equal(kept.StoredKey, keys.SHA1.StoredKey) {
			return n, nil
		}
	}
	return 0, fmt.Errorf("the password is none from the %dth to the %dth", least, most)
}

// collect takes the messages that wait for an account.
func collect(p *process, user string) (ids []string, err error) {
	c, err := dialXMPP(p.xmpp(), "localhost", user, password(user, 0), "look")
	if err != nil {
		return nil, err
	}
	defer c.close()
	fmt.Fprint(c.nc, "<presence/><iq type='get' id='last'><ping xmlns='urn:xmpp:ping'/></iq>")
	for {
		el, err := c.reader.Next()
		if err != nil {
			return ids, err
		}
		if el.Is(stanza.NSClient, "message") {
			ids = append(ids, el.Attr("id"))
		}
		if el.Is(stanza.NSClient, "iq") {
			return ids, nil
		}
	}
}

// missing lists what was acknowledged and is not there.
func (a acknowledged) missing(f found) (all []string) {
	for _, c := range []struct {
		what      string
		want, got int
	}{
		{"logins", a.logins, f.logins}, {"presences", a.presences, f.presences}, {"changes of the roster", a.rosters, f.rosters},
		{"changes of the password", a.passwords, f.passwords},
	} {
		if c.got < c.want {
			all = append(all, fmt.Sprintf("%d of %d %s", c.want-c.got, c.want, c.what))
		}
	}
	for n := range a.messages {
		if id := fmt.Sprintf("m%d", n+1); !slices.Contains(f.waiting, id) {
			all = append(all, "message "+id)
		}
	}
	return all
}

// startLoad lets clients work on a process until it is killed.
func startLoad(t *testing.T, p *process, users []string) (book *ledger, stop func()) {
	book = &ledger{users: make(map[string]acknowledged), read: make(map[events.Seq]events.EventID)}
	b, err := bus.Connect(t.Context(), existing(t, natsAddress.FindStringSubmatch(p.out.String())[1]))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var (
		all   sync.WaitGroup
		ended atomic.Bool
	)
	all.Go(func() { book.follow(ctx, b) })
	for _, user := range users {
		all.Go(func() {
			c := &powerClient{user: user, at: p.xmpp(), book: book}
			if err := c.work(&ended); err != nil {
				t.Error(err)
			}
		})
	}
	return book, func() {
		ended.Store(true)
		p.cmd.Process.Kill()
		<-p.ended
		cancel()
		all.Wait()
		b.Close()
	}
}

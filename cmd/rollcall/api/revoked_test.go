package api_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/api/access"
	"github.com/rollcall-xmpp/rollcall/events"
)

// A stream ends when the token that opened it is removed, and not only when it is opened
// again.
func TestAStreamEndsWithItsToken(t *testing.T) {
	t.Parallel()
	s := newService(t)
	token := s.add("reader", "read")
	s.await(token)
	answer := s.request(t.Context(), token, "/v1/events/stream")
	defer answer.Body.Close()
	if answer.StatusCode != 200 {
		t.Fatal(answer.Status)
	}
	ended := make(chan []byte)
	go func() {
		defer close(ended)
		all, _ := io.ReadAll(answer.Body)
		ended <- all
	}()
	must(t, access.Remove(t.Context(), s.bus.Tokens(), "reader"))
	for i, end := 0, time.Now().Add(30*time.Second); time.Now().Before(end); i++ {
		s.login(fmt.Sprintf("u%d@localhost", i), "r", "192.0.2.7:5222")
		select {
		case all := <-ended:
			if !bytes.HasSuffix(all, []byte("\n\n: the token was removed, or has expired\n\n")) {
				t.Errorf("its last words are %q", all[max(0, len(all)-200):])
			}
			return
		default:
		}
	}
	t.Fatal("it goes on")
}

// fill appends events of one account that together are more than a connection holds, and
// that nothing makes smaller.
func (s *service) fill(account events.JID) {
	s.t.Helper()
	var prev events.Seq
	noise := rand.NewChaCha8([32]byte{})
	text := make([]byte, 3<<10)
	for range 3000 {
		noise.Read(text)
		at, err := s.bus.Log().Append(s.t.Context(), &events.Record{
			ID: events.NewEventID(time.Now()), Time: time.Now().UnixNano(), JID: account, Connector: events.Incarnation{Name: "c1", Epoch: 1}, Prev: prev,
			Session: events.NewSessionID(time.Now()), Event: events.Closed{Reason: events.ReasonClient, Text: base64.StdEncoding.EncodeToString(text)},
		})
		must(s.t, err)
		prev = at.Seq
	}
}

// dialNarrow makes a connection that takes little before it is read from.
func dialNarrow(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return c, c.(*net.TCPConn).SetReadBuffer(64 << 10)
}

// A download that has begun ends when its token is removed, and does not look whole.
func TestADownloadEndsWithItsToken(t *testing.T) {
	t.Parallel()
	s := newService(t)
	s.fill(events.StoredJID("alice@localhost"))
	client := http.Client{Transport: &http.Transport{DisableCompression: true, DialContext: dialNarrow}}
	whole := func(path, token string, whileItIsOpen func()) bool {
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.url+path, nil)
		must(t, err)
		r.Header.Set("Authorization", "Bearer "+token)
		answer, err := client.Do(r)
		must(t, err)
		defer answer.Body.Close()
		if answer.StatusCode != 200 {
			t.Fatal(answer.Status)
		}
		head := make([]byte, 1000)
		_, err = io.ReadFull(answer.Body, head)
		must(t, err)
		whileItIsOpen()
		rest, err := io.ReadAll(answer.Body)
		if strings.HasSuffix(path, "export") {
			_, bad := zip.NewReader(bytes.NewReader(append(head, rest...)), int64(len(head)+len(rest)))
			return err == nil && bad == nil
		}
		return err == nil && bytes.Contains(rest, []byte("\n{\"position\":"))
	}
	for name, path := range map[string]string{"lines": "/v1/events.ndjson", "zip": "/v1/accounts/alice@localhost/export"} {
		token := s.add(name, "read,export")
		s.await(token)
		if !whole(path, token, func() {}) {
			t.Errorf("%s is not whole", path)
		}
		if whole(path, token, func() {
			must(t, access.Remove(t.Context(), s.bus.Tokens(), name))
			for status := 200; status != http.StatusUnauthorized; {
				status, _, _ = s.get(token, "/v1/events?limit=1")
			}
		}) {
			t.Errorf("%s comes to its end without the token", path)
		}
	}
}

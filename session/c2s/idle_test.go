package c2s_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/session/c2s"
	"github.com/rollcall-xmpp/rollcall/session/stream"
)

// BenchmarkIdleSessions measures what a bound session that nothing is sent to
// costs: -benchtime 1000x for 1,000 of them. The client's end of each connection
// is in the same process, but has no goroutine and no buffer.
func BenchmarkIdleSessions(b *testing.B) {
	for _, door := range []struct {
		name  string
		serve func(*c2s.Server, context.Context, net.Listener) error
		login func(b *testing.B, conn net.Conn, user string)
	}{
		{"TCP", (*c2s.Server).Serve, loginByTCP},
		{"WebSocket", (*c2s.Server).ServeWebSocket, loginByWebSocket},
	} {
		b.Run(door.name, func(b *testing.B) { benchmarkIdle(b, door.serve, door.login) })
	}
}

func benchmarkIdle(
	b *testing.B, serve func(*c2s.Server, context.Context, net.Listener) error, login func(*testing.B, net.Conn, string),
) {
	w := newWorld(b, 1, nil)
	defer w.close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	n := w.nodes[0]
	w.rooms.Go(func() { serve(n.server, n.ctx, l) })
	conns := make([]net.Conn, b.N)
	for i := range conns {
		w.users(fmt.Sprint("user", i))
	}
	before := inUse()
	for i := range conns {
		if conns[i], err = net.Dial("tcp", l.Addr().String()); err != nil {
			b.Fatal(err)
		}
		conns[i].SetDeadline(time.Now().Add(patience))
		login(b, conns[i], fmt.Sprint("user", i))
		defer conns[i].Close()
	}
	after := inUse()
	b.ReportMetric(float64(after.heap-before.heap)/float64(b.N), "heap-B/session")
	b.ReportMetric(float64(after.stack-before.stack)/float64(b.N), "stack-B/session")
	b.ReportMetric(float64(runtime.NumGoroutine())/float64(b.N), "goroutines/session")
}

func loginByTCP(b *testing.B, conn net.Conn, user string) {
	c := client{conn: conn}
	c.login(user, "r")
	in := newItems(conn)
	for range 6 { // header, features, success, header, features, bound
		if _, err := in.next(); err != nil {
			b.Fatal(err)
		}
	}
}

// loginByWebSocket writes frames by itself: a library's client would have
// buffers that count.
func loginByWebSocket(b *testing.B, conn net.Conn, user string) {
	io.WriteString(conn, "GET "+stream.WebSocketPath+" HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: xmpp\r\n\r\n")
	in := make([]byte, 4<<10)
	if _, err := conn.Read(in); err != nil { // the answer, which is small
		b.Fatal(err)
	}
	for _, message := range []string{
		framedOpen, plain(user, password), framedOpen,
		"<iq xmlns='" + nsClient + "' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
	} {
		size := binary.BigEndian.AppendUint16([]byte{0x81, 0x80 | 126}, uint16(len(message)))
		conn.Write(append(append(size, 0, 0, 0, 0), message...)) // masked by nothing
	}
	got := ""
	for !strings.Contains(got, "</jid>") {
		n, err := conn.Read(in)
		if err != nil {
			b.Fatal(err, got)
		}
		got += string(in[:n])
	}
}

type memory struct{ heap, stack uint64 }

func inUse() memory {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{m.HeapInuse, m.StackInuse}
}

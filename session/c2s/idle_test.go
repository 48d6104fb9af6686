package c2s_test

import (
	"fmt"
	"net"
	"runtime"
	"testing"
	"time"

	"rollcall/session/c2s"
)

// BenchmarkIdleSessions measures what a bound session costs that nothing is sent
// to: -benchtime 1000x for 1,000 of them. The client's end of each connection is
// in the same process, but has no goroutine and no buffer.
func BenchmarkIdleSessions(b *testing.B) {
	w := newWorld(b, 1, nil)
	defer w.close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	n := w.nodes[0]
	w.rooms.Go(func() { (*c2s.Server).Serve(n.server, n.ctx, l) })
	conns := make([]net.Conn, b.N)
	for i := range conns {
		w.users(fmt.Sprint("user", i))
	}
	before := inUse()
	for i := range conns {
		conns[i] = idleSession(b, l.Addr().String(), fmt.Sprint("user", i))
		defer conns[i].Close()
	}
	after := inUse()
	b.ReportMetric(float64(after.heap-before.heap)/float64(b.N), "heap-B/session")
	b.ReportMetric(float64(after.stack-before.stack)/float64(b.N), "stack-B/session")
	b.ReportMetric(float64(runtime.NumGoroutine())/float64(b.N), "goroutines/session")
}

func idleSession(b *testing.B, address, user string) net.Conn {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		b.Fatal(err)
	}
	conn.SetDeadline(time.Now().Add(patience))
	c := client{conn: conn}
	c.login(user, "r")
	in := newItems(conn)
	for range 6 { // header, features, success, header, features, bound
		if _, err := in.next(); err != nil {
			b.Fatal(err)
		}
	}
	return conn
}

type memory struct{ heap, stack uint64 }

func inUse() memory {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return memory{m.HeapInuse, m.StackInuse}
}

package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session"
)

// BenchmarkStream measures readers that follow the log while logins fill it, in one process
// with them and with the log: b.N events of accounts that come again and again, each of
// which all readers get. Without readers it is what the log alone takes.
func BenchmarkStream(b *testing.B) {
	for _, readers := range []int{0, 10, 100} {
		b.Run(fmt.Sprintf("readers=%d", readers), func(b *testing.B) { benchmarkStream(b, readers) })
	}
}

func benchmarkStream(b *testing.B, readers int) {
	s := newService(b)
	var err error
	s.write, err = session.NewService(session.Config{Log: s.bus.Log(), Accounts: s.table, Connector: events.Incarnation{Name: "c1", Epoch: 1}})
	must(b, err)
	ctx, cancel := context.WithTimeout(b.Context(), 5*time.Minute)
	defer cancel()
	logins := max(b.N/2, 1)
	const accounts = 5000 // that come again and again; a pseudonym is made of each, the first time
	bodies := make([]io.ReadCloser, readers)
	for i := range bodies {
		if bodies[i] = s.follow(ctx); bodies[i] == nil {
			b.Fatal("a stream was refused")
		}
	}
	began, before := time.Now(), processorTime()
	b.ResetTimer()
	var work sync.WaitGroup
	for _, body := range bodies {
		work.Go(func() {
			defer body.Close()
			if err := takeEvents(body, 2*logins); err != nil {
				b.Error(err)
				cancel()
			}
		})
	}
	var next atomic.Int64
	for range 256 {
		work.Go(func() {
			for n := next.Add(1); n <= int64(logins); n = next.Add(1) {
				account, resource := fmt.Sprintf("u%d@localhost", n%accounts), fmt.Sprintf("r%d", n/accounts)
				s.loginAsOf(s.table.Position().Seq, account, resource, "192.0.2.7:5222")
			}
		})
	}
	work.Wait()
	b.StopTimer()
	total := float64(2 * logins)
	b.ReportMetric(total/time.Since(began).Seconds(), "events/s")
	b.ReportMetric(float64((processorTime()-before).Nanoseconds())/total/float64(max(readers, 1)), "cpu-ns/event/reader")
}

// follow opens a stream of new events, and waits until it has begun. A token may not ask
// for as many as it likes at once.
func (s *service) follow(ctx context.Context) io.ReadCloser {
	for ctx.Err() == nil {
		answer := s.request(ctx, s.token, "/v1/events/stream")
		if answer.StatusCode == 200 {
			return answer.Body
		}
		answer.Body.Close()
	}
	return nil
}

// takeEvents reads server-sent events, and no more of each than its id, which comments have not.
func takeEvents(from io.Reader, n int) error {
	mark := []byte("\nid: ")
	got, buffer := 0, make([]byte, 64<<10)
	for held := 0; got < n; {
		more, err := from.Read(buffer[held:])
		text := buffer[:held+more]
		got += bytes.Count(text, mark)
		held = copy(buffer, text[max(0, len(text)-len(mark)+1):]) // a mark may be cut in two
		if err != nil && got < n {
			return fmt.Errorf("after %d of %d events: %w", got, n, err)
		}
	}
	return nil
}

// processorTime is what the process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

package api_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A readLog counts how often it is read.
type readLog struct {
	events.Log
	reads atomic.Int64
}

func (l *readLog) Read(ctx context.Context, r events.Range) iter.Seq2[*events.Stored, error] {
	l.reads.Add(1)
	return l.Log.Read(ctx, r)
}

// To read the log for one costs it as much as for all.
func TestReadersThatAreBehindShareOneReadOfTheLog(t *testing.T) {
	t.Parallel()
	s := newService(t)
	const logins, crowd = 150, 40
	for i := range logins {
		s.login(fmt.Sprintf("u%d@localhost", i%10), fmt.Sprint(i), "192.0.2.7:5222")
	}
	end := events.Seq(2 * logins)
	tokens := make([]string, crowd)
	for r := range tokens {
		tokens[r] = s.add(fmt.Sprint("reader", r), []string{"read", "admin"}[r%2])
		s.await(tokens[r])
	}
	begun := s.read.reads.Load()
	var readers sync.WaitGroup
	for r := range tokens {
		readers.Go(func() {
			if got := s.streamed(tokens[r], events.Seq(r), "", 1<<20, end); !slices.Equal(got, upTo(end)[r:]) {
				t.Errorf("after %d there are %d events", r, len(got))
			}
		})
	}
	readers.Wait()
	if n := s.read.reads.Load() - begun; n > crowd/4 {
		t.Errorf("%d readers read the log %d times", crowd, n)
	}
}

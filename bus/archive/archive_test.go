package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"github.com/klauspost/compress/s2"
	server "github.com/nats-io/nats-server/v2/server/archive"
)

// pack is an archive of n messages, every second one with headers.
func pack(t testing.TB, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, State{Messages: uint64(n), Bytes: 7, First: 3, Last: 1000})
	must(t, err)
	for i := range n {
		must(t, w.Write(message(i)))
	}
	must(t, w.Close())
	return b.Bytes()
}

func message(i int) *Message {
	m := &Message{Subject: fmt.Sprintf("s.%d", i), Seq: uint64(3 + 2*i), At: int64(i - 1), Data: bytes.Repeat([]byte{byte(i)}, i)}
	if i%2 == 1 {
		m.Header = []byte("NATS/1.0\r\nA: b\r\n\r\n")
	}
	return m
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	t.Parallel()
	const n = 300
	r, state, err := NewReader(bytes.NewReader(pack(t, n)))
	must(t, err)
	if state != (State{Messages: n, Bytes: 7, First: 3, Last: 1000}) {
		t.Errorf("state %+v", state)
	}
	i := 0
	for m, err := range r.All() {
		must(t, err)
		want := message(i)
		if m.Subject != want.Subject || m.Seq != want.Seq || m.At != want.At || !bytes.Equal(m.Header, want.Header) || !bytes.Equal(m.Data, want.Data) {
			t.Errorf("message %d is %+v", i, m)
		}
		i++
	}
	if i != n {
		t.Errorf("%d messages", i)
	}
}

// The server's own reader says what the server reads.
func TestTheServerReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	r := server.NewReader(s2.NewReader(bytes.NewReader(pack(t, 5))))
	var names []string
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		names = append(names, fmt.Sprintf("%s %d %d %d %d", h.Name, h.Sequence, h.Timestamp, h.HeaderSize, h.PayloadSize))
	}
	state := fmt.Sprintf("state.json 0 0 0 %d", len(State{Messages: 5, Bytes: 7, First: 3, Last: 1000}.encode()))
	want := []string{state, "s.0 3 -1 0 0", "s.1 5 0 18 1", "s.2 7 1 0 2", "s.3 9 2 18 3", "s.4 11 3 0 4", " 0 0 0 0"}
	if !slices.Equal(names, want) {
		t.Errorf("the server reads %q", names)
	}
}

// An archive that ends anywhere before its end is never taken for a whole one.
func TestATruncatedArchiveIsRecognised(t *testing.T) {
	t.Parallel()
	whole := pack(t, 20)
	for n := range whole {
		r, _, err := NewReader(bytes.NewReader(whole[:n]))
		if err == nil {
			for _, e := range r.All() {
				err = e
			}
		}
		if err == nil {
			t.Errorf("%d bytes of %d pass for all of it", n, len(whole))
		}
	}
}

func TestWhatIsNoArchiveIsRefused(t *testing.T) {
	t.Parallel()
	var tar bytes.Buffer
	w := s2.NewWriter(&tar)
	fmt.Fprintf(w, "meta.inf and a tape archive, as of old")
	must(t, w.Close())
	for name, data := range map[string][]byte{"nothing": nil, "text": []byte("hello"), "of an old server": tar.Bytes()} {
		if _, _, err := NewReader(bytes.NewReader(data)); !errors.Is(err, ErrForm) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A stream that never had a message has no first sequence; the next one would go
// nowhere.
func TestAnEmptyStreamBeginsAtOne(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w, err := NewWriter(&b, State{})
	must(t, err)
	must(t, w.Close())
	_, state, err := NewReader(&b)
	if must(t, err); state.First != 1 || state.Last != 0 {
		t.Errorf("state %+v", state)
	}
}

func FuzzReader(f *testing.F) {
	f.Add(pack(f, 3))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, _, err := NewReader(bytes.NewReader(data))
		if err != nil {
			return
		}
		for _, err := range r.All() {
			if err != nil {
				return
			}
		}
	})
}

package stream

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
)

// writes is a connection that keeps what is written, a piece a call.
type writes struct {
	net.Conn
	pieces []string
}

func (w *writes) Write(b []byte) (int, error) {
	w.pieces = append(w.pieces, string(b))
	return len(b), nil
}

func TestTheFramesOfABatchAreWrittenTogetherUpToASize(t *testing.T) {
	t.Parallel()
	half, large := strings.Repeat("h", maxBatch/2), strings.Repeat("l", maxBatch+1)
	for _, tt := range []struct{ frames, want []string }{
		{[]string{"a", "b", "c"}, []string{"abc"}},
		{[]string{half, half, half}, []string{half + half, half}},
		{[]string{"a", large, "b"}, []string{"a", large, "b"}},
	} {
		var to writes
		l := &line{Conn: &to}
		fmt.Fprint(l, "alone")
		l.begin()
		for _, f := range tt.frames {
			fmt.Fprint(l, f)
		}
		if err := l.flush(); err != nil {
			t.Error(err)
		}
		fmt.Fprint(l, "alone again")
		if want := append(append([]string{"alone"}, tt.want...), "alone again"); !slices.Equal(to.pieces, want) {
			t.Errorf("%d frames were written as %q", len(tt.frames), to.pieces)
		}
	}
}

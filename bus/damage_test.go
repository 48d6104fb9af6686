package bus_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/events"
)

// The server may know of records that it can't read: after a power failure its
// index can be newer than the records that it indexes, and disks rot.
func TestAFollowerPassesAnEndThatIsGone(t *testing.T) {
	t.Parallel()
	const records = 3
	for name, damage := range map[string]func(block []byte) []byte{
		"cut short":     func(block []byte) []byte { return block[:len(block)-3] },
		"changed a bit": func(block []byte) []byte { block[len(block)-20] ^= 1; return block },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			logOf(t, dir, records)
			file := filepath.Join(dir, "nats", "jetstream", "$G", "streams", "RC_EV", "msgs", "1.blk")
			block, err := os.ReadFile(file)
			must(t, err)
			must(t, os.WriteFile(file, damage(block), 0o600))

			l := connect(t, bus.Config{InProcess: serve(t, natsd.Options{DataDir: dir})}).Log()
			whole, told := 0, false
			for _, err := range l.Follow(within(t), 0) {
				if err == nil {
					whole++
					continue
				}
				var gone *events.PoisonError
				told = errors.As(err, &gone) && gone.Seq == records && strings.Contains(err.Error(), "damaged")
				break
			}
			if whole != records-1 || !told {
				t.Errorf("%d records of %d, and told of the last: %t", whole, records, told)
			}
		})
	}
}

// logOf makes a log of a few records in a directory, which is closed properly.
func logOf(t *testing.T, dir string, records int) {
	s := serve(t, natsd.Options{DataDir: dir})
	b := connect(t, bus.Config{InProcess: s})
	prev := events.Seq(0)
	for range records {
		prev = write(t, within(t), b.Log(), prev)
	}
	b.Close()
	s.Shutdown()
}

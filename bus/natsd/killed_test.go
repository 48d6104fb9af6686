package natsd

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// victimDir names the directory of a process that this one starts to kill it.
const victimDir = "ROLLCALL_TEST_VICTIM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(victimDir); dir != "" {
		storeUntilKilled(dir)
		return
	}
	m.Run()
}

// storeUntilKilled runs a server and tells the sequence of each message that it
// has acknowledged.
func storeUntilKilled(dir string) {
	s, err := Start(context.Background(), Options{DataDir: dir})
	if err != nil {
		fmt.Println(err)
		return
	}
	nc, err := nats.Connect("", nats.InProcessServer(s), s.Login())
	if err != nil {
		fmt.Println(err)
		return
	}
	js, _ := nc.JetStream()
	for n := 0; ; n++ {
		ack, err := js.Publish(fmt.Sprintf("log.%d", n%10), []byte("later"))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(ack.Sequence)
	}
}

// killedServer is a directory whose server was stopped in order when it had
// messages, ran again and was killed when it had stored more. It returns the last
// sequence that was acknowledged.
func killedServer(t *testing.T) (dir string, acknowledged uint64) {
	t.Helper()
	dir = t.TempDir()
	s := start(t, Options{DataDir: dir})
	nc, err := nats.Connect("", nats.InProcessServer(s), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	js, _ := nc.JetStream()
	if _, err := js.AddStream(&nats.StreamConfig{Name: "LOG", Subjects: []string{"log.*"}}); err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := js.Publish("log.0", []byte("covered")); err != nil {
			t.Fatal(err)
		}
	}
	nc.Close()
	s.Shutdown()

	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), victimDir+"="+dir)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if acknowledged, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatal(lines.Text())
		}
		if acknowledged == 200 {
			cmd.Process.Kill()
		}
	}
	cmd.Wait()
	return dir, acknowledged
}

// again starts a server on the directory, and returns the log's last sequence and
// what the server said.
func again(t *testing.T, dir string) (last uint64, said string) {
	t.Helper()
	var log bytes.Buffer
	s := start(t, Options{DataDir: dir, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	nc, err := nats.Connect("", nats.InProcessServer(s), s.Login())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, _ := nc.JetStream()
	info, err := js.StreamInfo("LOG")
	if err != nil {
		t.Fatal(err)
	}
	nc.Close()
	s.Shutdown()
	return info.State.LastSeq, log.String()
}

const reading = "will rebuild" // as the server says when it reads all blocks

func TestAServerThatWasKilledDoesNotReadAllBlocks(t *testing.T) {
	t.Parallel()
	dir, acknowledged := killedServer(t)
	last, said := again(t, dir)
	if last < acknowledged {
		t.Errorf("it ends at %d, and %d was acknowledged", last, acknowledged)
	}
	if strings.Contains(said, reading) || !strings.Contains(said, "the index of a stream is up to date\" stream=LOG") {
		t.Errorf("the server reads its blocks:\n%s", said)
	}
}

// Of a copy, and after a power failure, not everything need be there that was
// written before the data that are there.
func TestACopyOfAKilledServerIsReadWhole(t *testing.T) {
	t.Parallel()
	dir, acknowledged := killedServer(t)
	moved := t.TempDir()
	if err := os.CopyFS(moved, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(moved, lockName)); err != nil { // nothing ran when it was copied
		t.Fatal(err)
	}
	if err := os.Chmod(KeyFile(moved), 0o600); err != nil { // CopyFS leaves that to the umask
		t.Fatal(err)
	}
	last, said := again(t, moved)
	if last < acknowledged || !strings.Contains(said, reading) {
		t.Errorf("it ends at %d, %d was acknowledged, and it said\n%s", last, acknowledged, said)
	}
}

func TestAfterAnotherBootTheServerReadsItsBlocks(t *testing.T) {
	t.Parallel()
	dir, _ := killedServer(t)
	if err := os.WriteFile(filepath.Join(dir, storeName, runningName), []byte("00000000-0000-0000-0000-000000000000\n1:1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, said := again(t, dir); !strings.Contains(said, reading) {
		t.Errorf("it said\n%s", said)
	}
}

func TestAfterAnOrderlyEndThereIsNothingToDo(t *testing.T) {
	t.Parallel()
	dir, _ := killedServer(t)
	again(t, dir)
	if _, said := again(t, dir); strings.Contains(said, reading) || strings.Contains(said, "index of a stream") {
		t.Errorf("it said\n%s", said)
	}
}

// A recovery looks, whenever the server begins to restore a stream, whether it would be
// taken for one whose writes are all there if it were killed now.
type recovery struct {
	slog.Handler
	store    string
	restores int
	believed int
}

func (*recovery) Enabled(context.Context, slog.Level) bool { return true }

func (h *recovery) Handle(_ context.Context, r slog.Record) error {
	for a := range r.Attrs {
		if strings.HasPrefix(a.Value.String(), "Starting restore") {
			h.restores++
			if killed(h.store) {
				h.believed++
			}
		}
	}
	return nil
}

func TestAServerThatIsKilledWhileItRecoversFromAPowerFailureReadsAllBlocks(t *testing.T) {
	t.Parallel()
	dir, _ := killedServer(t)
	store := filepath.Join(dir, storeName)
	if err := os.WriteFile(filepath.Join(store, runningName), []byte("another boot of the machine"), 0o600); err != nil {
		t.Fatal(err)
	}
	h := &recovery{Handler: slog.DiscardHandler, store: store}
	start(t, Options{DataDir: dir, Logger: slog.New(h)})
	if h.restores == 0 || h.believed > 0 {
		t.Errorf("it would be believed at %d of %d streams", h.believed, h.restores)
	}
	if !killed(store) {
		t.Error("it would not be believed afterwards")
	}
}

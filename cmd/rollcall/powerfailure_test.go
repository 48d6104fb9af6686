package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/bus/natsd"
	"github.com/rollcall-xmpp/rollcall/cmd/rollcall/lossy"
	"github.com/rollcall-xmpp/rollcall/events"
)

// powerCuts is how many moments are tried; the environment can ask for more.
func powerCuts() int {
	n, err := strconv.Atoi(os.Getenv("ROLLCALL_TEST_POWER_CUTS"))
	if err != nil {
		n = 4
	}
	return n
}

// A testDisk is where a process keeps its data whose power fails.
type testDisk struct {
	dir   string
	lossy *lossy.Disk // nil on a machine where this user can't mount one
}

func newTestDisk(t *testing.T) *testDisk {
	d := &testDisk{dir: t.TempDir(), lossy: lossy.NewDisk()}
	unmount, err := d.lossy.Mount(d.dir)
	if err != nil {
		t.Log("no disk whose power can fail, so the process is killed instead:", err)
		d.lossy = nil
		return d
	}
	t.Cleanup(func() {
		if err := unmount(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// cut leaves in a new directory what is on the disk when the power fails now. A
// disk of which nothing is lost is copied while the process stands still: that is
// what is left when it is killed.
func (d *testDisk) cut(t *testing.T, p *process, strays *rand.Rand) (left string) {
	t.Helper()
	left = t.TempDir()
	var err error
	if d.lossy != nil {
		err = d.lossy.Left(strays).Write(left)
	} else {
		p.freeze(t)
		err = os.CopyFS(left, os.DirFS(d.dir))
		p.cmd.Process.Signal(syscall.SIGCONT)
		err = errors.Join(err, os.Chmod(natsd.KeyFile(filepath.Join(left, "a")), 0o600)) // CopyFS leaves that to the umask
		err = errors.Join(err, os.Remove(filepath.Join(left, "a", "lock")))              // by which copies are known
	}
	if err != nil {
		t.Fatal(err)
	}
	return left
}

// A blackout has the data that are left after the power failed, those of the
// acknowledged ones that must be there, and those that had been there when it
// failed.
type blackout struct {
	left      string
	book, end *ledger
}

// atWork is a process under load, on a disk.
type atWork struct {
	*process
	disk  *testDisk
	users []string
	book  *ledger
	stop  func() // kills it
}

func startWork(t *testing.T, disk *testDisk, fsync string) *atWork {
	// Not in the disk's directory: to go there, the new process would have to ask this
	// one, which stands still until it has begun.
	p := connectorProcess(t, t.TempDir(), "a", "--data", filepath.Join(disk.dir, "a"), "--nats-listen", "127.0.0.1:0", "--fsync", fsync, "--registration")
	w := &atWork{process: p, disk: disk}
	var accounts []string
	for i := range 6 {
		user := fmt.Sprintf("u%d", i)
		w.users = append(w.users, user)
		accounts = append(accounts, user, away(user))
	}
	importAccounts(t, natsAddress.FindStringSubmatch(p.out.String())[1], accounts)
	w.book, w.stop = startLoad(t, p, w.users)
	return w
}

// cuts lets the power fail at some moments. Every second time some of the data
// that were not synced are left. Whatever was acknowledged so long before must be
// there.
func (w *atWork) cuts(t *testing.T, before time.Duration) (all []blackout) {
	t.Helper()
	defer w.stop()
	seed := uint64(time.Now().UnixNano())
	t.Log("seed", seed)
	some := rand.New(rand.NewPCG(seed, 0))
	for i := range powerCuts() {
		<-time.After(rand.N(time.Second))
		then := w.book.copy()
		<-time.After(before)
		strays := some
		if i%2 == 0 {
			strays = nil
		}
		left := w.disk.cut(t, w.process, strays)
		all = append(all, blackout{left, then, w.book.copy()})
	}
	return all
}

// importAccounts makes accounts with their first passwords.
func importAccounts(t *testing.T, url string, users []string) {
	t.Helper()
	var list strings.Builder
	for _, user := range users {
		fmt.Fprintf(&list, "%s@localhost:%s\n", user, password(user, 0))
	}
	file := filepath.Join(t.TempDir(), "users")
	if err := os.WriteFile(file, []byte(list.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("rollcall", "user", "import", "--nats", url, file).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
}

func TestAPowerFailureLosesNothingThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	w := startWork(t, newTestDisk(t), "always")
	for _, b := range w.cuts(t, 0) {
		b.check(t, w.users)
	}
}

// With an fsync a second, about a second is lost, which is far from four, and what
// is left is whole.
func TestAPowerFailureLosesASecondIfThatIsWanted(t *testing.T) {
	t.Parallel()
	w := startWork(t, newTestDisk(t), "1s")
	for _, b := range w.cuts(t, 4*time.Second) {
		b.check(t, w.users)
	}
}

// check starts the service on the data that are left.
func (o blackout) check(t *testing.T, users []string) {
	t.Helper()
	p := connectorProcess(t, o.left, "a", "--nats-listen", "127.0.0.1:0", "--fsync", "always")
	defer func() {
		p.cmd.Process.Kill()
		<-p.ended
	}()
	url := natsAddress.FindStringSubmatch(p.out.String())[1]
	if said, err := exec.Command("rollcall", "verify", "--nats", url).CombinedOutput(); err != nil {
		t.Errorf("verify: %v: %s", err, said)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	b, err := bus.Connect(ctx, existing(t, url))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	inLog := o.checkLog(ctx, t, b)
	t.Logf("%s were acknowledged, %d records read", o.book.total(), len(o.book.read))
	for _, user := range users {
		got, err := look(ctx, p, b, user, o.book.users[user].passwords, o.end.users[user].passwords+1)
		if err != nil {
			t.Errorf("%s: %v", user, err)
			continue
		}
		got.logins, got.presences = inLog[user].logins, inLog[user].presences
		if lost := o.book.users[user].missing(got); lost != nil {
			t.Errorf("%s has lost %s", user, strings.Join(lost, ", "))
		}
		if slices.Sort(got.waiting); len(slices.Compact(slices.Clone(got.waiting))) < len(got.waiting) {
			t.Errorf("messages came twice: %q", got.waiting)
		}
	}
}

var status = regexp.MustCompile(`<status>n([0-9]+)[.]</status>`)

// checkLog reads the log, and returns what is in it of each user.
func (o blackout) checkLog(ctx context.Context, t *testing.T, b *bus.Bus) (users map[string]acknowledged) {
	t.Helper()
	users = make(map[string]acknowledged)
	live := make(map[events.JID]events.SessionID)
	there := make(map[events.Seq]events.EventID)
	for st, err := range b.Log().Read(ctx, events.Range{}) {
		if err != nil {
			t.Fatal(err)
		}
		r := &st.Record
		there[st.Seq] = r.ID
		a := users[r.JID.Local()]
		switch e := r.Event.(type) {
		case events.Bound:
			if other, ok := live[r.JID]; ok {
				t.Errorf("record %d binds %s to %s while %s has it", st.Seq, r.JID, r.Session, other)
			}
			live[r.JID] = r.Session
			a.logins++
		case events.Closed:
			delete(live, r.JID)
		case events.PresenceAvailable:
			if m := status.FindStringSubmatch(e.Stanza); m != nil {
				a.presences++
			}
		}
		users[r.JID.Local()] = a
	}
	for seq, id := range o.book.read {
		if there[seq] != id {
			t.Errorf("record %d was %s and is %s", seq, id, there[seq])
		}
	}
	return users
}

package nearby

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

// The directories are known by the environment, so these tests run one after the other.

// ownState gives the test directories of its own, and returns the one in which it announces.
func ownState(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_STATE_HOME", dir)
	t.Setenv("RUNTIME_DIRECTORY", "")
	t.Setenv("TMPDIR", t.TempDir())
	return filepath.Join(dir, "rollcall", "services")
}

// keyOf makes a key in a data directory of its own.
func keyOf(t *testing.T) Service {
	t.Helper()
	key := filepath.Join(t.TempDir(), "nats.nk")
	if err := os.WriteFile(key, []byte("SU..."), 0o600); err != nil {
		t.Fatal(err)
	}
	return Service{Key: key}
}

func announce(t *testing.T, address string, s Service) (withdraw func()) {
	t.Helper()
	withdraw, err := Announce(address, s)
	if err != nil {
		t.Fatal(err)
	}
	return withdraw
}

func found(t *testing.T, urls string, want Service) {
	t.Helper()
	s, err := Find(urls)
	if s.Entry = ""; err != nil || s != want {
		t.Errorf("at %s there is %+v, %v", urls, s, err)
	}
}

func missing(t *testing.T, urls string) {
	t.Helper()
	if s, err := Find(urls); !errors.Is(err, ErrNone) {
		t.Errorf("at %s there is %+v, %v", urls, s, err)
	}
}

func TestAServiceIsFoundAtItsAddress(t *testing.T) {
	ownState(t)
	s := keyOf(t)
	withdraw := announce(t, "127.0.0.1:4222", s)
	for _, urls := range []string{"nats://127.0.0.1:4222", "nats://localhost", "127.0.0.1", "localhost:4222", "tls://127.0.0.1:4222", "nats://192.0.2.1:4222, nats://127.0.0.1:4222"} {
		found(t, urls, s)
	}
	for _, urls := range []string{"nats://127.0.0.1:4223", "nats://127.0.0.2:4222", "nats://[::1]:4222", "nats://192.0.2.1:4222", "nats://example.org:4222", "", "nats://"} {
		missing(t, urls)
	}
	withdraw()
	missing(t, "nats://127.0.0.1:4222")
}

func TestAServiceThatListensEverywhereIsFoundAtEachAddressOfThisMachine(t *testing.T) {
	for _, listens := range []string{"0.0.0.0:4222", "[::]:4222"} {
		ownState(t)
		s := keyOf(t)
		announce(t, listens, s)
		for _, urls := range []string{"nats://127.0.0.1:4222", "nats://127.0.0.7:4222", "nats://localhost:4222", "nats://[::1]:4222", "nats://" + listens} {
			found(t, urls, s)
		}
		missing(t, "nats://192.0.2.1:4222")
	}
}

func TestOfTwoServicesAtAnAddressTheLaterOneCounts(t *testing.T) {
	dir := ownState(t)
	killed, next := keyOf(t), keyOf(t)
	withdraw := announce(t, "127.0.0.1:4222", killed)
	announce(t, "127.0.0.1:4222", next)
	found(t, "nats://127.0.0.1:4222", next)
	withdraw() // of the one before, which has taken its time
	found(t, "nats://127.0.0.1:4222", next)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
		t.Errorf("%d entries are left, %v", len(entries), err)
	}
}

func TestAServiceThatWasKilledLeavesNothingForLong(t *testing.T) {
	ownState(t)
	moved, removed, other := keyOf(t), keyOf(t), keyOf(t)
	announce(t, "127.0.0.1:4222", moved)
	announce(t, "127.0.0.1:4333", removed)
	announce(t, "127.0.0.1:4444", other)
	announce(t, "127.0.0.1:4555", moved)
	missing(t, "nats://127.0.0.1:4222")
	if err := os.Remove(removed.Key); err != nil {
		t.Fatal(err)
	}
	missing(t, "nats://127.0.0.1:4333")
	found(t, "nats://127.0.0.1:4444", other)
	found(t, "nats://127.0.0.1:4555", moved)
}

func TestNothingIsBelievedThatOthersMayHaveWritten(t *testing.T) {
	const address = "127.0.0.1:4222"
	for name, spoil := range map[string]func(dir string) error{
		"the directory is for everybody": func(dir string) error { return os.Chmod(dir, 0o777) },
		"the directory is a group's":     func(dir string) error { return os.Chmod(dir, 0o775) },
		"the entry is for everybody":     func(dir string) error { return os.Chmod(filepath.Join(dir, address), 0o666) },
		"the entry is a link": func(dir string) error {
			entry, elsewhere := filepath.Join(dir, address), filepath.Join(filepath.Dir(dir), "elsewhere")
			return errors.Join(os.Rename(entry, elsewhere), os.Symlink(elsewhere, entry))
		},
		"the entry is damaged": func(dir string) error { return os.WriteFile(filepath.Join(dir, address), []byte("{"), 0o644) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := ownState(t)
			announce(t, address, keyOf(t))
			if err := spoil(dir); err != nil {
				t.Fatal(err)
			}
			missing(t, "nats://"+address)
		})
	}
}

func TestAUserWithoutAHomeHasADirectoryOfHisOwn(t *testing.T) {
	ownState(t)
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_STATE_HOME", filepath.Join(file, "below"))
	s := keyOf(t)
	announce(t, "127.0.0.1:4222", s)
	found(t, "nats://127.0.0.1:4222", s)
	if dirs, err := filepath.Glob(filepath.Join(os.TempDir(), "rollcall-*", "127.0.0.1:4222")); err != nil || len(dirs) != 1 {
		t.Errorf("it says so at %v, %v", dirs, err)
	}
}

func TestAServiceOfSystemdSaysSoInTheDirectoryThatItWasGiven(t *testing.T) {
	ownState(t)
	dir := t.TempDir()
	t.Setenv("RUNTIME_DIRECTORY", dir+":/run/other")
	s := keyOf(t)
	announce(t, "127.0.0.1:4222", s)
	if _, err := os.Stat(filepath.Join(dir, "services", "127.0.0.1:4222")); err != nil {
		t.Error(err)
	}
	if !slices.Contains(searched(), "/run/rollcall/services") {
		t.Errorf("others look in %v", searched())
	}
}

// Another user may see where the service is, and can't have its key.
func TestAnotherUserIsToldWhoseServiceItIs(t *testing.T) {
	ownState(t)
	s := keyOf(t)
	announce(t, "127.0.0.1:4222", s)
	if os.Geteuid() != 0 {
		if err := os.Chmod(s.Key, 0); err != nil { // as it is for others
			t.Fatal(err)
		}
		if _, err := Find("nats://127.0.0.1:4222"); !errors.Is(err, ErrNotOurs) {
			t.Errorf("there is %v", err)
		}
		return
	}
	for _, dir := range []string{filepath.Dir(s.Key), filepath.Dir(filepath.Dir(s.Key)), os.Getenv("XDG_STATE_HOME"), filepath.Dir(os.Getenv("XDG_STATE_HOME"))} {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if said := asNobody(t, "nats://127.0.0.1:4222"); said != ErrNotOurs.Error()+": root" {
		t.Errorf("it is told %q", said)
	}
}

// askedVariable has the test's binary look for the service at a URL and say what it finds.
const askedVariable = "NEARBY_ASKED"

func TestMain(m *testing.M) {
	if asked := os.Getenv(askedVariable); asked != "" {
		_, err := Find(asked)
		fmt.Print(err)
		return
	}
	m.Run()
}

// asNobody is what the user 65534 finds.
func asNobody(t *testing.T, url string) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	open, err := os.Open(self) // which is in a directory that is for root
	if err != nil {
		t.Fatal(err)
	}
	defer open.Close()
	cmd := exec.Command("/proc/self/fd/3")
	cmd.ExtraFiles, cmd.Dir = []*os.File{open}, "/"
	cmd.Env = append(os.Environ(), askedVariable+"="+url)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	said, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	return string(said)
}

package nearby

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// systemDir is where systemd makes the directory of a unit with RuntimeDirectory=rollcall.
const systemDir = "/run/rollcall"

// ownDirs are where this process announces itself: the first of them that can be used.
func ownDirs() (list []string) {
	if dir, _, _ := strings.Cut(os.Getenv("RUNTIME_DIRECTORY"), ":"); dir != "" {
		list = append(list, filepath.Join(dir, "services"))
	}
	return append(list, userDirs()...)
}

// searched are where services of this user and of the system announce themselves.
func searched() []string { return append(ownDirs(), filepath.Join(systemDir, "services")) }

func userDirs() (list []string) {
	if state := os.Getenv("XDG_STATE_HOME"); filepath.IsAbs(state) {
		list = append(list, filepath.Join(state, "rollcall", "services"))
	} else if home := home(); home != "" {
		list = append(list, filepath.Join(home, ".local", "state", "rollcall", "services"))
	}
	return append(list, filepath.Join(os.TempDir(), "rollcall-"+strconv.Itoa(os.Geteuid())))
}

// home is the user's directory, also where a service manager has not said which; "" if there is
// none.
func home() string {
	if dir, err := os.UserHomeDir(); err == nil && filepath.IsAbs(dir) {
		return dir
	}
	if u, err := user.Current(); err == nil && filepath.IsAbs(u.HomeDir) && u.HomeDir != "/" {
		return u.HomeDir
	}
	return ""
}

// makeDir makes a directory, unless it is there and somebody else's. Entries in that of the
// system are for whoever may read the key, so others may read them.
func makeDir(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := trusted(dir); err != nil {
		return err
	}
	return os.Chmod(dir, 0o755) // whatever the umask is
}

// owner is the name of the user whose file it is.
func owner(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return "somebody"
	}
	id := strconv.Itoa(int(info.Sys().(*syscall.Stat_t).Uid))
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "user " + id
}

// trusted fails if somebody else may have written a file or directory: it isn't this user's nor
// root's, or others can write to it. The system's service has a user of its own.
func trusted(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSymlink != 0 || info.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("others can write to %s", path)
	}
	me, owner := os.Geteuid(), int(info.Sys().(*syscall.Stat_t).Uid)
	if owner != me && owner != 0 && !strings.HasPrefix(path, systemDir+"/") {
		return errors.New(path + " is another user's")
	}
	return nil
}

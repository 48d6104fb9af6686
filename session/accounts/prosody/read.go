package prosody

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
)

const (
	// MaxFile bounds a file, in bytes.
	MaxFile = 32 << 20
	// maxElements bounds those of one element that is kept, at 64 bytes each.
	maxElements = 1 << 18
)

// errStop: whoever reads wants no more.
var errStop = errors.New("stopped")

// of are the stores by which accounts are found: one that another database keeps has no
// file in the first.
var ownStores = []string{"accounts", "roster", "vcard", "private", "pep", "offline", "blocklist"}

// Holds reports that a directory looks like Prosody's.
func Holds(dir fs.FS) bool {
	hosts, err := hostsOf(dir)
	return err == nil && len(hosts) > 0
}

// Count is how many accounts Read will give, as far as the names of files tell.
func Count(dir fs.FS) (n int) {
	hosts, _ := hostsOf(dir)
	for _, name := range hosts {
		users, _ := (&host{dir: dir, folder: name}).users()
		n += len(users)
	}
	return n
}

// Read gives the accounts of all hosts, by host and name. A *bundle.Refusal says that an
// account, or another part of the directory, can't be taken, and the reading goes on; any
// other error is the last.
func Read(dir fs.FS) iter.Seq2[*bundle.Bundle, error] {
	return func(yield func(*bundle.Bundle, error) bool) {
		hosts, err := hostsOf(dir)
		if err != nil {
			yield(nil, err)
			return
		}
		for _, name := range hosts {
			if err := readHost(dir, name, yield); err != nil {
				if !errors.Is(err, errStop) {
					yield(nil, err)
				}
				return
			}
		}
	}
}

// hostsOf are the folders that have stores.
func hostsOf(dir fs.FS) (list []string, err error) {
	entries, err := fs.ReadDir(dir, ".")
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() && len(storesOf(dir, e.Name())) > 0 {
			list = append(list, e.Name())
		}
	}
	return list, nil
}

// storesOf are the folders of a host that hold a file of data.
func storesOf(dir fs.FS, host string) (list []string) {
	for _, pattern := range []string{"*.dat", "*.list"} {
		found, _ := fs.Glob(dir, path.Join(escapeGlob(host), "*", pattern)) // the pattern is well-formed
		for _, name := range found {
			list = append(list, path.Base(path.Dir(name)))
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func escapeGlob(name string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
}

// A host is the folder of one.
type host struct {
	dir    fs.FS
	folder string
	domain string
	stores []string // folders, by their names on disk
}

func readHost(dir fs.FS, folder string, yield func(*bundle.Bundle, error) bool) error {
	give := func(b *bundle.Bundle, err error) error {
		if !yield(b, err) {
			return errStop
		}
		return nil
	}
	name, err := url.PathUnescape(folder)
	refuse := func(account string, reason error) error {
		return give(nil, &bundle.Refusal{Account: account, Reason: reason})
	}
	if err != nil {
		return refuse(folder, err)
	}
	domain, err := events.ParseJID(name)
	if err == nil && (domain.Local() != "" || !domain.IsBare()) {
		err = errors.New("it is not a domain")
	}
	if err != nil {
		return refuse(name, err)
	}
	h := &host{dir: dir, folder: folder, domain: domain.Domain(), stores: storesOf(dir, folder)}
	users, err := h.users()
	if err != nil {
		return err
	}
	if len(users) == 0 {
		return refuse(name, fmt.Errorf("%w: %s", bundle.ErrNoAccounts, strings.Join(h.stores, ", ")))
	}
	for _, user := range users {
		b, err := h.account(user)
		var refused *bundle.Refusal
		if err != nil && !errors.As(err, &refused) {
			return err
		}
		if err := give(b, err); err != nil {
			return err
		}
	}
	return nil
}

// users are the names of the files of accounts, as on disk, without their ending.
func (h *host) users() ([]string, error) {
	all := map[string]bool{}
	for _, store := range ownStores {
		entries, err := fs.ReadDir(h.dir, path.Join(h.folder, store))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			ending := path.Ext(e.Name())
			if ending == ".dat" || ending == ".list" {
				all[strings.TrimSuffix(e.Name(), ending)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all)), nil
}

// table reads the file of a keyed store, nil if there is none.
func (h *host) table(store, user string) (*table, error) {
	in, err := h.read(store, user+".dat")
	if err != nil || in == "" {
		return nil, err
	}
	return parseTable(in)
}

// list reads the file of a list.
func (h *host) list(store, user string) ([]*table, error) {
	in, err := h.read(store, user+".list")
	if err != nil || in == "" {
		return nil, err
	}
	return parseList(in)
}

// read is a file's text, "" if there is none.
func (h *host) read(store, name string) (string, error) {
	f, err := h.dir.Open(path.Join(h.folder, store, name))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return "", errors.Join(errors.New("it is no file"), err)
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err == nil && len(text) > MaxFile {
		err = fmt.Errorf("it has more than %d bytes", MaxFile)
	}
	return string(text), err
}

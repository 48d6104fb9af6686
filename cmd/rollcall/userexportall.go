package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rollcall-xmpp/rollcall/bus"
	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
	"github.com/rollcall-xmpp/rollcall/session/accounts/xep0227"
)

// forms are those of the servers that read files of XEP-0227.
var forms = map[string]xep0227.Form{"prosody": xep0227.Standard, "ejabberd": xep0227.Ejabberd}

// checkExport says what is wrong with the arguments of an export.
func checkExport(args []string, move bool, readers string) error {
	_, known := forms[readers]
	switch {
	case !known:
		return usageError{fmt.Errorf("--for %s: give prosody or ejabberd", readers)}
	case move && len(args) != 1:
		return usageError{errors.New("--xep0227 takes one argument, FILE.xml or DIR, and writes all accounts")}
	case !move && len(args) != 2:
		return usageError{errors.New("give JID FILE.zip for all about one account, or --xep0227 FILE.xml for all accounts")}
	}
	return nil
}

// A sink is where accounts are written to.
type sink interface {
	Write(b *bundle.Bundle) error
	Close() error
}

// exportAll writes all accounts under another name until they are whole.
func exportAll(ctx context.Context, con *console, b *bus.Bus, path string, form xep0227.Form) (err error) {
	if path == "-" {
		return packAll(ctx, con, b, xep0227.NewWriter(con.out, form), con.err)
	}
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(fmt.Errorf("%s is there already; give another name", path), err)
	}
	partial := path + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return err
	}
	defer os.RemoveAll(partial) // which is not there if all went well
	if strings.HasSuffix(path, ".xml") {
		err = exportFile(ctx, con, b, partial, form)
	} else if err = os.Mkdir(partial, 0o700); err == nil {
		err = packAll(ctx, con, b, folder{partial, form}, con.out)
	}
	if err != nil {
		return err
	}
	return os.Rename(partial, path)
}

func exportFile(ctx context.Context, con *console, b *bus.Bus, path string, form xep0227.Form) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(packAll(ctx, con, b, xep0227.NewWriter(f, form), con.out), f.Sync(), f.Close())
}

// A folder has a file an account, of its name, as Prosody has.
type folder struct {
	path string
	form xep0227.Form
}

// Write writes the file of an account. No JID of one has a slash in it.
func (f folder) Write(b *bundle.Bundle) error {
	file, err := os.OpenFile(filepath.Join(f.path, b.Account.String()+".xml"), os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	w := xep0227.NewWriter(file, f.form)
	return errors.Join(w.Write(b), w.Close(), file.Close())
}

func (f folder) Close() error { return nil }

// packAll writes all accounts and says how many there were, and what of them was left out.
func packAll(ctx context.Context, con *console, b *bus.Bus, to sink, told io.Writer) error {
	store := storeOf(b)
	list, err := store.List(ctx)
	if err != nil {
		return err
	}
	left := 0
	var shown progress
	shown.start(con, "accounts", len(list))
	defer shown.stop()
	for _, a := range list {
		one, err := store.Pack(ctx, a, b.Waiting())
		if err == nil {
			err = to.Write(one)
		}
		if err != nil {
			return err
		}
		shown.add(1)
		for _, l := range one.Left {
			if left++; left <= maxReported {
				con.say("%s", printable(fmt.Sprintf("%s: left out: %s: %s", a.JID, l.Item, l.Reason)))
			}
		}
	}
	if err := to.Close(); err != nil {
		return err
	}
	shown.stop()
	if left > maxReported {
		con.say("... and %d more", left-maxReported)
	}
	fmt.Fprintf(told, "exported %s\n", plural(len(list), "account"))
	return nil
}

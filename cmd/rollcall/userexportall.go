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
func checkExport(args []string, move, asJSON bool, readers string) error {
	_, known := forms[readers]
	switch {
	case !known:
		return usageError{fmt.Errorf("--for %s: give prosody or ejabberd", readers)}
	case asJSON && len(args) > 0 && args[len(args)-1] == "-":
		return usageError{errors.New("--json and - both write to standard output: give one")}
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
func exportAll(ctx context.Context, con *console, b *bus.Bus, path string, form xep0227.Form, asJSON bool) (err error) {
	p := packing{con: con, bus: b, told: con.out}
	if path == "-" {
		p.told = con.err
		if err := p.all(ctx, xep0227.NewWriter(con.out, form)); err != nil {
			return err
		}
		return p.tell(path, false)
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
		err = p.file(ctx, partial, form)
	} else if err = os.Mkdir(partial, 0o700); err == nil {
		err = p.all(ctx, folder{partial, form})
	}
	if err == nil {
		err = os.Rename(partial, path)
	}
	if err != nil {
		return err
	}
	return p.tell(path, asJSON)
}

// A packing writes all accounts, and says how many there were, and what of them was left out.
type packing struct {
	con  *console
	bus  *bus.Bus
	told io.Writer // what people are told at the end
	done accountsExported
}

func (p *packing) file(ctx context.Context, path string, form xep0227.Form) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(p.all(ctx, xep0227.NewWriter(f, form)), f.Sync(), f.Close())
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

// all writes them, and closes to at the end.
func (p *packing) all(ctx context.Context, to sink) error {
	store := storeOf(p.bus)
	list, err := store.List(ctx)
	if err != nil {
		return err
	}
	var shown progress
	shown.start(p.con, "accounts", len(list))
	defer shown.stop()
	for _, a := range list {
		one, err := store.Pack(ctx, a, p.bus.Waiting())
		if err == nil {
			err = to.Write(one)
		}
		if err != nil {
			return err
		}
		shown.add(1)
		for _, l := range one.Left {
			p.done.Left = append(p.done.Left, exportLeft{a.JID.String(), leftView{l.Item, l.Reason}})
		}
	}
	p.done.Accounts = len(list)
	return to.Close()
}

// tell says what was written, and names what was not.
func (p *packing) tell(path string, asJSON bool) error {
	if asJSON {
		p.done.File, p.done.Left = path, append([]exportLeft{}, p.done.Left...)
		return p.con.printJSON(p.done)
	}
	for i, l := range p.done.Left {
		if i == maxReported {
			p.con.say("... and %d more, which --json names", len(p.done.Left)-i)
			break
		}
		p.con.say("%s", printable(fmt.Sprintf("%s: left out: %s: %s", l.Account, l.Item, l.Reason)))
	}
	_, err := fmt.Fprintf(p.told, "exported %s\n", plural(p.done.Accounts, "account"))
	return err
}

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/session/accounts"
	"github.com/rollcall-xmpp/rollcall/session/accounts/bundle"
)

// maxReported bounds how much an import names for people; JSON has all.
const maxReported = 20

// An importing is an import that is under way, and its report.
type importing struct {
	con     *console
	asJSON  bool
	dry     bool // nothing is stored
	shown   progress
	domains []string // of accounts that came, each once

	made, replaced, existed, refused int
	hosts                            int            // that have no accounts
	incomplete                       int            // accounts of which something was left out
	left                             map[string]int // how many things, by their kind
	named                            int            // lines for people
	failed                           error          // of writing the report
}

// A importedView is what --json says of an account.
type importedView struct {
	Account string     `json:"account"`
	Outcome string     `json:"outcome"` // imported, replaced, existed, refused; left_out of a host without accounts
	Reason  string     `json:"reason"`  // why it was refused or left out, otherwise ""
	Left    []leftView `json:"left"`    // what of it could not be taken
}

type leftView struct {
	Item   string `json:"item"`
	Reason string `json:"reason"`
}

func (im *importing) begin(src *source) {
	im.left = map[string]int{}
	if src.read != nil {
		im.shown.percent = src.read.percent
	}
	im.shown.start(im.con, "accounts", src.total)
}

// tell counts an account and names what of it could not be taken.
func (im *importing) tell(one accounts.Moved) {
	im.shown.add(1)
	v := importedView{Account: one.Account, Outcome: im.count(one), Left: []leftView{}}
	if one.Err != nil {
		v.Reason = oneLine(one.Err)
	}
	if errors.Is(one.Err, bundle.ErrKeyless) {
		v.Reason += "; if another database checks its password, give --without-passwords"
	}
	for _, l := range one.Left {
		v.Left = append(v.Left, leftView{l.Item, l.Reason})
		kind, _, _ := strings.Cut(l.Item, " ")
		im.left[strings.TrimSuffix(kind, ":")]++
	}
	if im.asJSON {
		if err := im.con.printJSON(v); err != nil {
			im.failed = err
		}
		return
	}
	if one.Err != nil {
		im.name("%s: %s", v.Account, v.Reason)
	}
	for _, l := range v.Left {
		im.name("%s: left out: %s: %s", v.Account, l.Item, l.Reason)
	}
}

// count returns the outcome's name.
func (im *importing) count(one accounts.Moved) string {
	if len(one.Left) > 0 {
		im.incomplete++
	}
	switch {
	case errors.Is(one.Err, bundle.ErrNoAccounts):
		im.hosts++
		return "left_out"
	case one.Err != nil:
		im.refused++
		return "refused"
	}
	if _, domain, _ := strings.Cut(one.Account, "@"); !slices.Contains(im.domains, domain) {
		im.domains = append(im.domains, domain)
	}
	switch one.Outcome {
	case accounts.Replaced:
		im.replaced++
		return "replaced"
	case accounts.Existed:
		im.existed++
		return "existed"
	}
	im.made++
	return "imported"
}

// name writes a line of the report, over that of the progress.
func (im *importing) name(format string, args ...any) {
	im.named++
	if im.con.errTerminal() {
		im.con.erasable("")
	}
	switch {
	case im.named <= maxReported:
		im.con.say("%s", printable(fmt.Sprintf(format, args...)))
	case im.named == maxReported+1:
		im.con.say("... and more, which --json names")
	}
}

// finish says what has come of all. The error is the one that the import ended with, or
// that accounts were refused.
func (im *importing) finish(err error) error {
	im.shown.stop()
	verb, out := "imported", im.con.out
	if im.dry {
		verb = "would import"
	}
	if im.asJSON {
		out = im.con.err
	}
	fmt.Fprintf(out, "%s %s", verb, plural(im.made, "account"))
	if im.replaced > 0 {
		fmt.Fprintf(out, "; replaced %d", im.replaced)
	}
	if im.existed > 0 {
		fmt.Fprintf(out, "; %d existed already and stayed as they were", im.existed)
	}
	if im.refused > 0 {
		fmt.Fprintf(out, "; refused %d", im.refused)
	}
	if im.hosts > 0 {
		fmt.Fprintf(out, "; left out %s without accounts", plural(im.hosts, "host"))
	}
	fmt.Fprintln(out)
	if im.incomplete > 0 {
		var kinds []string
		for _, kind := range slices.Sorted(maps.Keys(im.left)) {
			kinds = append(kinds, fmt.Sprintf("%s: %d", printable(kind), im.left[kind]))
		}
		fmt.Fprintf(out, "left out of %s: %s\n", plural(im.incomplete, "account"), strings.Join(kinds, ", "))
	}
	brought := im.made+im.replaced > 0 && !im.dry
	switch {
	case errors.As(err, new(sourceError)) && brought:
		return fmt.Errorf("%w; what is named above as imported is there whole, and stays when it is mended and imported again", err)
	case errors.As(err, new(sourceError)):
		return err
	case err != nil:
		return fmt.Errorf("%w; what is named above as imported is there whole, and the same command goes on", err)
	case im.failed != nil:
		return im.failed
	case im.refused > 0:
		return fmt.Errorf("refused: %d; mend them and repeat the command, which passes over the others", im.refused)
	}
	return nil
}

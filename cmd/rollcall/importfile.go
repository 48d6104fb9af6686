package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"rollcall/events"
	"rollcall/session/auth"
)

// Limits of an import's text: a longer line ends the reading with an error; of
// many bad lines only the first are shown.
const (
	maxImportLine = 16 << 10
	maxBadShown   = 20
)

// An entry is one line of an import.
type entry struct {
	line     int
	account  events.JID
	password string

	credentials *auth.Credentials // nil until made, or if the account exists
	bad         error             // why they could not be made
}

// A badLine is a line that can't be imported.
type badLine struct {
	line int
	err  error
}

// readImport reads lines "jid:password". Empty lines are passed over. The
// password is all that follows the first colon, blanks included. An error means
// that there is more which could not be read.
func readImport(in io.Reader) (entries []entry, bad []badLine, err error) {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxImportLine)
	seen := make(map[events.JID]int)
	line := 0
	for scanner.Scan() {
		line++
		text := scanner.Text()
		if line == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		if strings.TrimSpace(text) == "" {
			continue
		}
		e, err := readEntry(text)
		if first, twice := seen[e.account]; err == nil && twice {
			err = fmt.Errorf("%s is on line %d already", e.account, first)
		}
		if err != nil {
			bad = append(bad, badLine{line, err})
			continue
		}
		seen[e.account], e.line = line, line
		entries = append(entries, e)
	}
	if err := scanner.Err(); err != nil {
		return nil, nil, fmt.Errorf("line %d: %w", line+1, err)
	}
	return entries, bad, nil
}

// domainsOf lists the domains of entries, each once.
func domainsOf(entries []entry) (domains []string) {
	seen := make(map[string]bool)
	for _, e := range entries {
		if domain := e.account.Domain(); !seen[domain] {
			seen[domain] = true
			domains = append(domains, domain)
		}
	}
	return domains
}

// readEntry reads jid:password. The first colon is between them, but for those of
// a domain that is an IPv6 address; a password may have any.
func readEntry(text string) (entry, error) {
	jid, password, found := strings.Cut(text, ":")
	if strings.Contains(jid, "@[") { // the colons of an IPv6 address
		var rest string
		rest, password, found = strings.Cut(text[len(jid):], "]:")
		jid += rest + "]"
	}
	if !found {
		return entry{}, errors.New("there is no colon; a line is jid:password")
	}
	account, err := parseAccount(jid)
	return entry{account: account, password: password}, err
}

// showBad names the bad lines, the first ones if they are many.
func (c *console) showBad(bad []badLine) {
	slices.SortFunc(bad, func(a, b badLine) int { return a.line - b.line })
	for i, b := range bad {
		if i == maxBadShown {
			c.say("... and %d more", len(bad)-i)
			return
		}
		c.say("line %d: %s", b.line, printable(oneLine(b.err)))
	}
}

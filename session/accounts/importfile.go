package accounts

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
	"github.com/rollcall-xmpp/rollcall/session/auth"
)

// maxLine bounds a line of an import, in bytes. A longer one ends the reading
// with an error.
const maxLine = 16 << 10

// An Entry is one line of an import.
type Entry struct {
	Line     int // from 1
	Account  events.JID
	Password string

	credentials *auth.Credentials // nil until made, or if the account exists
	bad         error             // why they could not be made
}

// A BadLine is a line that can't be imported.
type BadLine struct {
	Line int
	Err  error
}

// ReadEntries reads lines "jid:password" in UTF-8. Empty lines are passed over.
// The password is all that follows the first colon, blanks included; what is the hash
// of one makes the line bad. An error
// means that there is more which could not be read.
func ReadEntries(in io.Reader) (entries []Entry, bad []BadLine, err error) {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, maxLine)
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
		if first, twice := seen[e.Account]; err == nil && twice {
			err = fmt.Errorf("%s is on line %d already", e.Account, first)
		}
		if err != nil {
			bad = append(bad, BadLine{line, err})
			continue
		}
		seen[e.Account], e.Line = line, line
		entries = append(entries, e)
	}
	if err := scanner.Err(); err != nil {
		return nil, nil, fmt.Errorf("line %d: %w", line+1, err)
	}
	return entries, bad, nil
}

// readEntry reads jid:password. The first colon is between them, but for those
// of a domain that is an IPv6 address; a password may have any.
func readEntry(text string) (Entry, error) {
	jid, password, found := strings.Cut(text, ":")
	if strings.Contains(jid, "@[") { // the colons of an IPv6 address
		var rest string
		rest, password, found = strings.Cut(text[len(jid):], "]:")
		jid += rest + "]"
	}
	if !found {
		return Entry{}, errors.New("there is no colon; a line is jid:password")
	}
	account, err := Parse(jid)
	if err == nil {
		err = checkPlain(password)
	}
	return Entry{Account: account, Password: password}, err
}

// Domains lists the domains of entries, each once, in their order.
func Domains(entries []Entry) (domains []string) {
	seen := make(map[string]bool)
	for _, e := range entries {
		if domain := e.Account.Domain(); !seen[domain] {
			seen[domain] = true
			domains = append(domains, domain)
		}
	}
	return domains
}

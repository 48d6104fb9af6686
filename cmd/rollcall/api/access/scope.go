package access

import (
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/rollcall-xmpp/rollcall/events"
)

// A Scope is what a token is good for.
type Scope string

// The scopes. Each is for itself but Admin, which is all of them.
const (
	Read        Scope = "read"         // sessions, events and whatever is made of them; clients' networks in place of addresses
	ReadAddress Scope = "read:address" // clients' addresses, where Read lets see their networks
	Export      Scope = "export"       // everything about one account, with addresses
	Kick        Scope = "kick"         // to end sessions
	Moderate    Scope = "moderate"     // to disable accounts and ban networks
	Operate     Scope = "operate"      // to drain connectors
	Metrics     Scope = "metrics"      // metrics, which name nobody
	Audit       Scope = "audit"        // the record of questions about persons, and of changes
	Admin       Scope = "admin"

	accountPrefix = "account:" // and a bare JID: Read and Export of that account alone
)

// ErrScope: there is no such scope.
var ErrScope = errors.New("no such scope")

// ParseScopes reads a list with commas.
func ParseScopes(list string) (scopes []Scope, err error) {
	for text := range strings.SplitSeq(list, ",") {
		s := Scope(strings.TrimSpace(text))
		if account, ok := strings.CutPrefix(string(s), accountPrefix); ok {
			j, err := events.ParseJID(account)
			if err != nil || !j.IsBare() || j.Local() == "" {
				return nil, fmt.Errorf("%w as %q: after %s comes user@domain", ErrScope, text, accountPrefix)
			}
			s = Scope(accountPrefix + j.String())
		} else if !slices.Contains([]Scope{Read, ReadAddress, Export, Kick, Moderate, Operate, Metrics, Audit, Admin}, s) {
			return nil, fmt.Errorf("%w as %q: there are read, read:address, account:JID, export, kick, moderate, operate, metrics, audit and admin", ErrScope, text)
		}
		if !slices.Contains(scopes, s) {
			scopes = append(scopes, s)
		}
	}
	return scopes, nil
}

// May reports that it may do what a scope is for, about any account.
func (t *Token) May(s Scope) bool {
	return slices.Contains(t.Scopes, s) || slices.Contains(t.Scopes, Admin)
}

// MayAbout reports that it may do what a scope is for about one account. A token for an
// account may read and export what is known of it, addresses included.
func (t *Token) MayAbout(s Scope, account events.JID) bool {
	if t.May(s) {
		return true
	}
	own := s == Read || s == ReadAddress || s == Export
	return own && !account.IsZero() && slices.Contains(t.Scopes, Scope(accountPrefix+account.Bare().String()))
}

// Accounts are those that it is for by themselves.
func (t *Token) Accounts() iter.Seq[events.JID] {
	return func(yield func(events.JID) bool) {
		for _, s := range t.Scopes {
			if account, ok := strings.CutPrefix(string(s), accountPrefix); ok && !yield(events.StoredJID(account)) {
				return
			}
		}
	}
}

// Without is a copy that is not for these accounts by themselves.
func (t *Token) Without(accounts []events.JID) *Token {
	left := *t
	left.Scopes = slices.DeleteFunc(slices.Clone(t.Scopes), func(s Scope) bool {
		account, ok := strings.CutPrefix(string(s), accountPrefix)
		return ok && slices.Contains(accounts, events.StoredJID(account))
	})
	return &left
}

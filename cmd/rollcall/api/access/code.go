package access

import (
	"context"
	"crypto/subtle"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of codes and of the tokens that browsers get for them. One more takes the place of
// the one that ends first, so that nobody is locked out by those who are in.
const (
	MaxCodes    = 20
	MaxBrowsers = 100

	CodeLife    = 5 * time.Minute
	BrowserLife = 12 * time.Hour
)

const (
	codePrefix    = "rcc_"
	browserPrefix = "web:" // of the names of browsers' tokens
)

// ErrCode: there is no such code.
var ErrCode = errors.New("the code is not known here: it was used, or more than 5 minutes have passed; rollcall web makes another")

// Offer makes a code, good once and for CodeLife, for a token of a browser with these scopes.
// The token's name is web: and that of its user, in which no spaces are left. It fails as
// docs do.
func Offer(ctx context.Context, docs events.Documents, who string, scopes []Scope, now time.Time) (code string, err error) {
	t := Token{Name: browserName(who), Scopes: scopes, Expires: now.UTC().Add(CodeLife).Truncate(time.Second), Use: Code}
	code = t.make(codePrefix, now)
	err = update(ctx, docs, func(all []Token) ([]Token, error) {
		return append(room(all, Code, MaxCodes, now), t), nil
	})
	return code, err
}

// Redeem puts the token of a browser in the place of a code, by one compare-and-set: of several
// that show the code at once one gets a token. It ends after BrowserLife. It fails with ErrCode,
// and otherwise as docs do; the code is then to be given up, for it may have been used.
func Redeem(ctx context.Context, docs events.Documents, code string, now time.Time) (t Token, shown string, err error) {
	err = update(ctx, docs, func(all []Token) ([]Token, error) {
		i := slices.IndexFunc(all, func(o Token) bool { return o.opens(code, now) })
		if i < 0 {
			return nil, ErrCode
		}
		t = Token{Name: all[i].Name, Scopes: all[i].Scopes, Expires: now.UTC().Add(BrowserLife).Truncate(time.Second), Use: Browser}
		shown = t.make(prefix, now)
		return append(room(slices.Delete(slices.Clone(all), i, i+1), Browser, MaxBrowsers, now), t), nil
	})
	return t, shown, err
}

// LogOut removes the token of a browser, and leaves others of its name. It fails with
// ErrNoToken, and otherwise as docs do.
func LogOut(ctx context.Context, docs events.Documents, t *Token) error {
	return update(ctx, docs, func(all []Token) ([]Token, error) {
		left := slices.DeleteFunc(slices.Clone(all), func(o Token) bool { return o.ID == t.ID && o.Use == Browser })
		if len(left) == len(all) {
			return nil, ErrNoToken
		}
		return left, nil
	})
}

// IsCode reports that something has the form of a code, as opposed to that of a token.
func IsCode(shown string) bool { return strings.HasPrefix(shown, codePrefix) }

// room is what is left of all when codes and tokens of browsers that have expired go, and so
// many of a use that one more is within its limit.
func room(all []Token, of Use, limit int, now time.Time) []Token {
	left := slices.DeleteFunc(slices.Clone(all), func(t Token) bool { return t.Use != Program && t.Expired(now) })
	for count(left, of) >= limit {
		first := -1
		for i := range left {
			if left[i].Use == of && (first < 0 || left[i].Expires.Before(left[first].Expires)) {
				first = i
			}
		}
		left = slices.Delete(left, first, first+1)
	}
	return left
}

// Knows reports that a code is good, as far as is known here already. It asks nobody.
func (g *Guard) Knows(code string, now time.Time) bool {
	id, _, _ := parts(codePrefix, code)
	k := g.tokens.Load().find(id)
	return k != nil && k.opens(code, now)
}

// opens reports that it is a code, this one, and still good.
func (t *Token) opens(code string, now time.Time) bool {
	id, secret, ok := parts(codePrefix, code)
	return ok && t.Use == Code && t.ID == id && t.is(secret) && !t.Expired(now)
}

// is compares its secret in constant time.
func (t *Token) is(secret string) bool {
	return subtle.ConstantTimeCompare(hash(t.Use, secret), t.Hash) == 1
}

// parts are those of the code that is shown.
func parts(prefix, shown string) (id, secret string, ok bool) {
	rest, ok := strings.CutPrefix(shown, prefix)
	id, secret, _ = strings.Cut(rest, "_")
	return id, secret, ok
}

// browserName is the name of a token for a user, whatever the system calls that user.
func browserName(who string) string {
	name := browserPrefix + strings.Map(func(r rune) rune {
		if isUnprintable(r) {
			return '_'
		}
		return r
	}, who)
	return strings.ToValidUTF8(name[:min(len(name), MaxName)], "")
}

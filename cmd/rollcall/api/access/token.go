package access

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// Limits of tokens.
const (
	MaxTokens = 200
	MaxName   = 100 // bytes
)

const (
	prefix     = "rct_"
	idSize     = 5  // bytes
	secretSize = 20 // bytes
)

// Errors of tokens.
var (
	ErrTooMany = errors.New("there are as many tokens as there may be; remove one")
	ErrTaken   = errors.New("a token of that name is there; remove it first, or choose another")
	ErrNoToken = errors.New("there is no token of that name")
	ErrName    = errors.New("a name has 1 to 100 bytes, without spaces or control characters, and does not begin with web:, as those of browsers do")
)

// key is that of the one document with all tokens. It is no account: it has no localpart,
// and no host has that name (RFC 6761, 6.4).
var key = events.StoredJID("tokens.rollcall.invalid")

// A Token is what is kept of one. Its JSON names are the stored form.
type Token struct {
	ID      string    `json:"id"`
	Name    string    `json:"name"` // by which people call it, and the audit
	Scopes  []Scope   `json:"scopes"`
	Made    time.Time `json:"made"`    // in milliseconds; by older versions in seconds
	Expires time.Time `json:"expires"` // the zero time: never
	Hash    []byte    `json:"hash"`    // SHA-256 of the secret
	Use     Use       `json:"use,omitempty"`
}

// A Use says what shows a token. Versions that don't know it keep what they find of browsers
// as tokens of programs, and what they find of codes as something that lets nobody in.
type Use string

// The uses of the documents that are kept.
const (
	Program Use = ""
	Browser Use = "browser"
	Code    Use = "code" // is no token yet: a browser gets one for it
)

// Expired reports that it is good for nothing any longer.
func (t *Token) Expired(now time.Time) bool { return !t.Expires.IsZero() && !now.Before(t.Expires) }

// IsBefore reports that it was made before an instant, as exactly as is known when it was.
func (t *Token) IsBefore(at time.Time) bool {
	unit := time.Millisecond
	if t.Made.Nanosecond() == 0 {
		unit = time.Second
	}
	return t.Made.Before(at.Truncate(unit))
}

// Add makes a token with the name, scopes and end of t, and returns it with the text
// that its holder has to show, which is nowhere else. It fails with ErrTaken,
// ErrTooMany or ErrName, and otherwise as docs do.
func Add(ctx context.Context, docs events.Documents, t Token) (Token, string, error) {
	if t.Name == "" || len(t.Name) > MaxName || strings.ContainsFunc(t.Name, isUnprintable) || strings.HasPrefix(t.Name, browserPrefix) {
		return t, "", ErrName
	}
	t.Use = Program
	shown := t.make(prefix, time.Now())
	err := update(ctx, docs, func(all []Token) ([]Token, error) {
		switch {
		case slices.ContainsFunc(all, func(o Token) bool { return o.Name == t.Name }):
			return nil, ErrTaken
		case count(all, Program) >= MaxTokens:
			return nil, ErrTooMany
		}
		return append(all, t), nil
	})
	return t, shown, err
}

// make gives a token its id and secret, and returns what its holder has to show.
func (t *Token) make(prefix string, now time.Time) (shown string) {
	id, secret := random(idSize), random(secretSize)
	t.ID, t.Hash, t.Made = id, hash(t.Use, secret), now.UTC().Truncate(time.Millisecond)
	return prefix + id + "_" + secret
}

// count is how many there are of a use.
func count(all []Token, of Use) (n int) {
	for i := range all {
		if all[i].Use == of {
			n++
		}
	}
	return n
}

func isUnprintable(r rune) bool { return r <= ' ' || r == 0x7f || r == 0xfffd }

// Remove removes the token of a name: all of them, and the codes for more, if it is the name
// of browsers. It fails with ErrNoToken, and otherwise as docs do.
func Remove(ctx context.Context, docs events.Documents, name string) error {
	return update(ctx, docs, func(all []Token) ([]Token, error) {
		left := slices.DeleteFunc(slices.Clone(all), func(t Token) bool { return t.Name == name })
		if len(left) == len(all) {
			return nil, ErrNoToken
		}
		return left, nil
	})
}

// List gives all tokens, those that have expired too, in the order of their making. Codes are
// none.
func List(ctx context.Context, docs events.Documents) ([]Token, error) {
	all, err := kept(ctx, docs)
	return slices.DeleteFunc(all, func(t Token) bool { return t.Use == Code }), err
}

func kept(ctx context.Context, docs events.Documents) ([]Token, error) {
	doc, err := docs.Get(ctx, key)
	if errors.Is(err, events.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return decode(doc.Data)
}

func update(ctx context.Context, docs events.Documents, change func([]Token) ([]Token, error)) error {
	_, err := events.Update(ctx, docs, key, func(doc events.Document) ([]byte, error) {
		all, err := decode(doc.Data)
		if err != nil {
			return nil, err
		}
		if all, err = change(all); err != nil {
			return nil, err
		}
		return json.Marshal(all)
	})
	return err
}

func decode(data []byte) (all []Token, err error) {
	if len(data) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	return all, nil
}

func random(size int) string {
	b := make([]byte, size)
	rand.Read(b)
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}

// hash is what is kept of a secret. That of a code is another than that of a token, so that
// no version takes one for the other.
func hash(use Use, secret string) []byte {
	if use == Code {
		secret = "code " + secret
	}
	h := sha256.Sum256([]byte(secret))
	return h[:]
}

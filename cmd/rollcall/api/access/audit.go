package access

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/rollcall-xmpp/rollcall/events"
)

// An Entry is a question that somebody asked about persons, or a change that somebody made.
// Its JSON is the stored form; fields are added at the end.
type Entry struct {
	By    string     `json:"by"`              // "token NAME", "cli USER@HOST", or an account's JID
	From  string     `json:"from,omitempty"`  // its address; "" for the command line
	Did   string     `json:"did"`             // the route or the verb
	Asked string     `json:"asked,omitempty"` // its arguments, as they were given
	About events.JID `json:"about,omitzero"`  // the one account that it is about, if it is
	Rows  *int       `json:"rows,omitempty"`  // how many were given; nil: as many as there were
}

// Concerns reports that an entry is about an account, or that its question names the
// account, as one of several in a filter, say. Those of the API are percent-encoded.
func (e *Entry) Concerns(account events.JID) bool {
	if e.About == account || isAmong(account, e.Asked) {
		return true
	}
	plain, err := url.QueryUnescape(e.Asked)
	return err == nil && isAmong(account, plain)
}

// isAmong reports that a text has an account among its words.
func isAmong(account events.JID, text string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(` =&/,:"`, r) })
	return slices.ContainsFunc(words, func(word string) bool {
		j, err := events.ParseJID(word)
		return err == nil && j == account
	})
}

// Stored is an entry in its place.
type Stored struct {
	Seq uint64    `json:"seq"`
	At  time.Time `json:"time"`
	Entry
}

// MarshalJSON has all keys, of which the stored form leaves out those that say nothing.
func (s Stored) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Seq   uint64     `json:"seq"`
		At    time.Time  `json:"time"`
		By    string     `json:"by"`
		From  string     `json:"from"`
		Did   string     `json:"did"`
		Asked string     `json:"asked"`
		About events.JID `json:"about"`
		Rows  *int       `json:"rows"`
	}{s.Seq, s.At, s.By, s.From, s.Did, s.Asked, s.About, s.Rows})
}

// A Query says which entries are meant; the zero Query means all.
type Query struct {
	About events.JID // only those that concern this account
	By    string     // only of whoever has this name, as Entry.By has it, or a token's or a user's alone
}

// Has reports an entry that is meant.
func (q *Query) Has(e *Entry) bool {
	by := q.By == "" || e.By == q.By || e.By == "token "+q.By || e.By == "cli "+q.By
	return by && (q.About.IsZero() || e.Concerns(q.About))
}

// ErrUnrecorded: the question can't be put on record, so it isn't answered.
var ErrUnrecorded = errors.New("it can't be put on record who asks, so there is no answer; try again")

// A Record is where entries are kept. bus.Audit is one.
type Record interface {
	Append(ctx context.Context, data []byte) error
}

// maxAsked bounds what is kept of a question, in bytes.
const maxAsked = 1000

// Put puts an entry on record. Its error wraps ErrUnrecorded.
func Put(ctx context.Context, to Record, e Entry) error {
	e.Asked = e.Asked[:min(len(e.Asked), maxAsked)]
	data, err := json.Marshal(e)
	if err == nil {
		err = to.Append(ctx, data)
	}
	if err != nil {
		return errors.Join(ErrUnrecorded, err)
	}
	return nil
}

// Open reads an entry that Put has appended. With an error it says that it can't be read.
func Open(seq uint64, at time.Time, data []byte) (Stored, error) {
	s := Stored{Seq: seq, At: at.UTC()}
	err := json.Unmarshal(data, &s.Entry)
	if err != nil {
		s.Did = "(unreadable)"
	}
	return s, err
}
